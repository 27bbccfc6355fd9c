namespace RPort.Agent.Configuration;

/// <summary>Rules over several keys.</summary>
internal static class CrossChecks
{
    public static void Run(LoadedConfiguration loaded)
    {
        ClientOptions client = loaded.Options.Client;
        List<string> errors = loaded.Errors;
        if (client.Server.Length == 0 && !Named(errors, "Client:Server"))
        {
            errors.Add("Client:Server: must be given (--server, RPORT_SERVER, or in the file)");
        }

        if (client.Auth.Length == 0 && !Named(errors, "Client:Auth") && !Named(errors, "Client:AuthFile"))
        {
            errors.Add("Client:Auth: must be given (--auth, --auth-file, RPORT_AUTH, or in the file)");
        }

        if (client.Fingerprint.Length == 0 && !client.AllowUnpinned && !Named(errors, "Client:Fingerprint"))
        {
            errors.Add("Client:Fingerprint: must be given, or Client:AllowUnpinned set to true (whoever answers the dial then gets the credentials)");
        }

        if (client.Fingerprint.Length == 0 && client.AllowUnpinned)
        {
            loaded.Warnings.Add("Client:AllowUnpinned: the gateway's identity is not checked");
        }

        if (client.BindAddress.Length > 0 && client.BindInterface.Length > 0)
        {
            errors.Add("Client:BindAddress, Client:BindInterface: only one of them may be given");
        }

        if (client.DataDir.Length == 0)
        {
            errors.Add("Client:DataDir: must be given");
        }
    }

    /// <summary>A key whose value was already refused is not reported as missing as well.</summary>
    private static bool Named(List<string> errors, string path) => errors.Exists(
        error => error.StartsWith(path, StringComparison.Ordinal) && error.Length > path.Length && (error[path.Length] is ':' or ' ' or ','));
}
