using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurClient;

/// <summary>New keys every 16 KiB while megabytes flow both ways between our client and <c>sshd</c>, asked for by either side and by both.</summary>
[Collection(SshdCollection.Name)]
public sealed class SshdRekeyTests(SystemAccount account)
{
    [Theory]
    [InlineData("aes128-gcm@openssh.com", true, false)]
    [InlineData("aes128-gcm@openssh.com", false, true)]
    [InlineData("aes128-gcm@openssh.com", true, true)]
    [InlineData("aes192-ctr", true, false)]
    [InlineData("aes192-ctr", false, true)]
    [InlineData("aes192-ctr", true, true)]
    public async Task Bytes_survive_new_keys_every_16_KiB(string cipher, bool byThem, bool byUs)
    {
        await using OpenSshDaemon daemon = await OpenSshDaemon.StartAsync(account, byThem ? "RekeyLimit 16K" : "RekeyLimit default none");
        await using OurClientConnection client = await OurClientConnection.ConnectAsync(
            daemon, account, new ClientSettings { Ciphers = [cipher], RekeyAfterBytes = byUs ? 16384 : 1L << 30 });
        byte[] payload = Noise.Bytes(3_000_000);
        Noise.AssertSame(payload, await client.RunAsync("cat", payload));
        Assert.True(client.Connection.BytesReceived > 3_000_000 + (20 * 500), "Too few bytes for key exchanges to have taken place.");
    }
}
