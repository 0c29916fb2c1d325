pip install torch==2.12.0
pip install "transformer_engine[pytorch]==2.16.1"
