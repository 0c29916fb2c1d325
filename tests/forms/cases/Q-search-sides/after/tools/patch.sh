set -e
grep -q 'flashinfer-python==0.6.6' upstream/requirements.txt
sed -i 's/flashinfer-python==0.6.6/flashinfer-python==0.6.11.post2/' upstream/requirements.txt
perl -pi -e 's|flashinfer-cubin==0.6.6|flashinfer-cubin==0.6.11.post2|' upstream/cuda.txt
patch -p1 <<'EOF'
--- a/upstream/ci.txt
+++ b/upstream/ci.txt
@@ -1,2 +1,2 @@
 torch==2.9.0
-flashinfer-python==0.6.6
+flashinfer-python==0.6.11.post2
EOF
