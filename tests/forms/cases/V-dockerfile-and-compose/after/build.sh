docker build --build-arg FI=0.6.9 --build-arg KIT_V=v0.6.12 .
