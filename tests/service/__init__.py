"""The service without medicine: a made-up hook stands where the real one would."""
