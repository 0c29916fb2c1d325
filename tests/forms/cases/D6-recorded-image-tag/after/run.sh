docker run org/engine:v1-fi0.6.8.post1 org/flashinfer-0.6.8.post1:latest
docker run example.invalid:5000/org/flashinfer:0.6.11.post2
