namespace RPort.Interop.OurServer;

/// <summary>What a test changes of the server's defaults.</summary>
internal sealed record ServerSettings
{
    public long? RekeyAfterBytes { get; init; }

    /// <summary>The folder served by SFTP; the empty one of this machine when a test serves none.</summary>
    public string Folder { get; init; } = "/var/empty";
}
