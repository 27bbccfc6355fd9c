// The tests make Unix files, sockets and users; the product's own guards for Windows are checked by its build.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
