using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RPort.Gateway.Tests.Kit;

/// <summary>The Azure Storage emulator as a process; it keeps its data over a stop and a start.</summary>
internal sealed class Azurite : IAsyncDisposable
{
    // The emulator's published development account; it opens nothing but this process.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly string _folder;
    private readonly int _port;
    private Process? _process;

    private Azurite(string folder)
    {
        _folder = folder;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{_port}/{Account};";

    public static async Task<Azurite> StartAsync(string folder)
    {
        var azurite = new Azurite(folder);
        await azurite.StartAsync();
        return azurite;
    }

    public async Task StartAsync()
    {
        _process = Process.Start(new ProcessStartInfo("node", [Script(), "--blobHost", "127.0.0.1", "--blobPort", _port.ToString(CultureInfo.InvariantCulture), "--location", _folder, "--silent", "--disableTelemetry", "--skipApiVersionCheck"])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
        })!;
        await Eventually.TrueAsync("Azurite listens", async () =>
        {
            Assert.False(_process.HasExited, "Azurite ended.");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, _port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    /// <summary>Orderly, so that it keeps its index of blobs.</summary>
    public async Task StopAsync()
    {
        using (Process kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    private static string Script()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RPort.sln")))
            {
                string script = Path.Combine(folder.FullName, "test", "Testing", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
                Assert.True(File.Exists(script), "Azurite is not installed: run npm ci in test/Testing/azurite");
                return script;
            }
        }

        throw new InvalidOperationException("These tests run below the solution's folder.");
    }
}
