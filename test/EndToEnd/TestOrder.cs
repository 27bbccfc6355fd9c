using System.Runtime.Versioning;

// Each test starts many processes; beside each other they would measure the machine and not the product.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// OpenSSH, tinyproxy and file modes: what these tests stand on is Linux.
[assembly: SupportedOSPlatform("linux")]
