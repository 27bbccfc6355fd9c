using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd.Replay;

/// <summary>The gateway that the recorded agents meet: one process for all these tests, with the credential and the host key of the recording.</summary>
public sealed class ReplayGateway : IAsyncLifetime
{
    public const string Collection = "replay";
    public const string User = "clientAuth1";
    public const string Password = "1234";

    /// <summary>What these agents have pinned.</summary>
    public const string Fingerprint = "30:7d:c5:e0:7c:0f:16:3c:99:57:70:80:de:15:f5:ef";

    private readonly TempFolder _folder = new();

    internal GatewayProcess Process { get; private set; } = null!;

    internal TempFolder Folder => _folder;

    /// <summary>Settings of the agent side beside the credential.</summary>
    internal JsonObject Settings { get; init; } = [];

    public async Task InitializeAsync()
    {
        Settings["HostKeySeed"] = "rport-interop-seed-0001";
        Settings["Auth"] = $"{User}:{Password}";
        Process = await GatewayProcess.StartAsync(_folder, new JsonObject
        {
            ["Agents"] = Settings,
            ["Tunnels"] = new JsonObject { ["UsedPorts"] = new JsonArray("1025-65535") }, // what is free, whatever else runs here
        });
    }

    public async Task DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Dispose();
    }
}

[CollectionDefinition(ReplayGateway.Collection)]
public sealed class ReplayCollection : ICollectionFixture<ReplayGateway>;
