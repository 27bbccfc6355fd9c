using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurServer;

/// <summary>One server of ours, and OpenSSH's clients set up for it, for all tests of a class.</summary>
public sealed class ServedToSsh : IAsyncLifetime
{
    private LoopbackSshServer? _server;
    private OpenSshClient? _client;

    internal LoopbackSshServer Server => _server!;

    internal OpenSshClient Client => _client!;

    public Task InitializeAsync()
    {
        _server = new LoopbackSshServer();
        _client = _server.Client();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}
