using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurClient;

/// <summary>One <c>sshd</c> for each host key algorithm, started when it is first asked for; the server is who narrows the choice.</summary>
public sealed class DaemonPerHostKey : IAsyncLifetime
{
    private readonly Dictionary<string, OpenSshDaemon> _daemons = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (OpenSshDaemon daemon in _daemons.Values)
        {
            await daemon.DisposeAsync();
        }
    }

    internal async Task<OpenSshDaemon> GetAsync(string hostKeyAlgorithm, SystemAccount account)
    {
        if (!_daemons.TryGetValue(hostKeyAlgorithm, out OpenSshDaemon? daemon))
        {
            daemon = await OpenSshDaemon.StartAsync(account, $"HostKeyAlgorithms {hostKeyAlgorithm}");
            _daemons.Add(hostKeyAlgorithm, daemon);
        }

        return daemon;
    }
}
