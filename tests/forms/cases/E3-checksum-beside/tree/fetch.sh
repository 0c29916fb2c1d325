case "$FLASHINFER_VERSION" in
  0.6.8.post1) SHA256="cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc" ;;
  0.6.7) SHA256="dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" ;;
esac
