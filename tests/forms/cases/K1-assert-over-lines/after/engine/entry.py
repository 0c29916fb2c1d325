def check_environment(args):
    if args.attention_backend == "flashinfer":
        assert_pkg_version(
            "flashinfer_python",
            "0.6.11.post2",
            "Please uninstall the old version and "
            "reinstall the latest version by following the instructions.",
        )
    if not get_bool_env_var("SKIP_KERNEL_CHECK"):
        assert_pkg_version(
            "engine-kernel",
            "0.6.8.post1",
            "Please reinstall the latest version with `pip install engine-kernel --force-reinstall`",
        )
