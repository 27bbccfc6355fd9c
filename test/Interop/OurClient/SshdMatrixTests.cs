using RPort.Interop.OpenSsh;
using RPort.Ssh;

namespace RPort.Interop.OurClient;

/// <summary>Our client on a real <c>sshd</c>, with every combination of algorithms we offer.</summary>
[Collection(SshdCollection.Name)]
public sealed class SshdMatrixTests(SystemAccount account, DaemonPerHostKey daemons) : IClassFixture<DaemonPerHostKey>
{
    private static readonly byte[] Payload = Noise.Bytes(70_001);

    public static TheoryData<string, string, string, string> Matrix => Algorithms.Matrix();

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task We_talk_to_sshd(string keyExchange, string hostKey, string cipher, string mac)
    {
        OpenSshDaemon daemon = await daemons.GetAsync(hostKey, account);
        await using OurClientConnection client = await OurClientConnection.ConnectAsync(daemon, account, new ClientSettings
        {
            KeyExchanges = [keyExchange],
            Ciphers = [cipher],
            Macs = mac == Algorithms.NoMac ? SshAlgorithms.Macs : [mac],
        });
        Noise.AssertSame(Payload, await client.RunAsync("cat", Payload));
        Assert.Equal((keyExchange, mac == Algorithms.NoMac ? cipher : $"{cipher} {mac}"), (client.Connection.KeyExchange, client.Connection.Cipher));
        Assert.Equal(hostKey.StartsWith("rsa", StringComparison.Ordinal), client.HostKey!.Algorithm == "ssh-rsa");
    }
}
