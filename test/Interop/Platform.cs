// OpenSSH's daemon, accounts and file modes: these tests are for Linux.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
