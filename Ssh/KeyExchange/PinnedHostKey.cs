namespace RPort.Ssh.KeyExchange;

/// <summary>The server's key as the client knows it: the application decides once, later key exchanges must show the same key.</summary>
internal sealed class PinnedHostKey
{
    private byte[]? _blob;

    /// <exception cref="SshAuthenticationException">The application refuses the key.</exception>
    /// <exception cref="SshProtocolException">It is not the key of the first key exchange.</exception>
    public void Accept(byte[] blob, Func<SshHostKeyFingerprint, bool> verify)
    {
        if (_blob is not null)
        {
            if (!_blob.AsSpan().SequenceEqual(blob))
            {
                throw new SshProtocolException(SshDisconnectReason.HostKeyNotVerifiable, "The server's host key changed within the connection.");
            }

            return;
        }

        SshHostKeyFingerprint fingerprint = new(HostKeyProof.TryReadAlgorithm(blob, out string algorithm) ? algorithm : "", blob);
        if (!verify(fingerprint))
        {
            throw new SshAuthenticationException(SshAuthenticationFailure.HostKeyRefused, $"The server's host key {fingerprint.Sha256} was refused.");
        }

        _blob = blob;
    }
}
