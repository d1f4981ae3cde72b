"""AllenNLP 2.10.1 on the versions that this package installs: importing this applies every mend."""
