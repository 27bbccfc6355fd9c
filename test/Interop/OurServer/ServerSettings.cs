namespace RPort.Interop.OurServer;

/// <summary>What a test changes of the server's defaults.</summary>
internal sealed record ServerSettings
{
    public long? RekeyAfterBytes { get; init; }

    /// <summary>What the peer may send ahead on a channel; null: the default, which grows.</summary>
    public int? WindowBytes { get; init; }

    /// <summary>The folder served by SFTP; the empty one of this machine when a test serves none.</summary>
    public string Folder { get; init; } = "/var/empty";
}
