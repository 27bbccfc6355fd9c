using System.Globalization;

namespace RPort.EndToEnd.Kit;

/// <summary>The Azure Storage emulator from npm; keeps its data over a stop and start.</summary>
internal sealed class Azurite : IAsyncDisposable
{
    // The emulator's published development account; it opens nothing but this process.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly string _location;
    private readonly int _port = Loopback.FreePort();
    private ChildProcess? _process;

    private Azurite(string location) => _location = location;

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{_port}/{Account};";

    public static async Task<Azurite> StartAsync(TempFolder folder)
    {
        Azurite azurite = new(folder.Create("azurite"));
        await azurite.StartAsync();
        return azurite;
    }

    public async Task StartAsync()
    {
        string script = Path.Combine(Built.Root, "test", "Testing", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        Assert.True(File.Exists(script), "Azurite is not installed: run infra/build/install-test-tools.sh");
        _process = new ChildProcess("azurite", "node",
            [script, "--blobHost", "127.0.0.1", "--blobPort", _port.ToString(CultureInfo.InvariantCulture), "--location", _location, "--silent", "--disableTelemetry", "--skipApiVersionCheck"], workingDirectory: _location);
        await Loopback.ListensAsync(_port, "Azurite", TimeSpan.FromSeconds(60), _process);
    }

    /// <summary>Orderly, so that it keeps its index of blobs.</summary>
    public async Task StopAsync()
    {
        await _process!.SignalAsync("TERM");
        await _process.ExitAsync(TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
