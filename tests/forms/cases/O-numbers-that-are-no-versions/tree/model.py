y = torch.tanh(0.79788 * x) * torch.sigmoid(1.702 * x)
torch.testing.assert_close(a, b, atol=0.05, rtol=2.5)
torch.set_num_threads(2); host = "127.0.0.1"
non_torch = max(0.0, used)
