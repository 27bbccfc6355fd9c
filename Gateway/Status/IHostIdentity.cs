namespace RPort.Gateway.Status;

/// <summary>The SSH host key agents know this server by.</summary>
internal interface IHostIdentity
{
    /// <summary><c>SHA256:</c> and unpadded base64.</summary>
    string FingerprintSha256 { get; }

    /// <summary>16 hex pairs joined by colons: the form existing agents pin.</summary>
    string FingerprintMd5 { get; }
}
