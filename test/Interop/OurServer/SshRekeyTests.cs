using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurServer;

/// <summary>New keys every 16 KiB while megabytes flow both ways between <c>ssh</c> and our server, asked for by either side and by both.</summary>
public sealed class SshRekeyTests
{
    public static TheoryData<string, bool, bool> Cases
    {
        get
        {
            TheoryData<string, bool, bool> cases = [];
            foreach (string cipher in (string[])["aes128-gcm@openssh.com", "aes256-ctr"])
            {
                cases.Add(cipher, true, false);
                cases.Add(cipher, false, true);
                cases.Add(cipher, true, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Bytes_survive_new_keys_every_16_KiB(string cipher, bool byThem, bool byUs)
    {
        // While keys are agreed no window is given: what a peer may send meanwhile bounds how much goes by without new keys, however slow it is to answer.
        await using var server = new LoopbackSshServer(new ServerSettings { RekeyAfterBytes = byUs ? 16384 : null, WindowBytes = 64 * 1024 });
        using OpenSshClient client = server.Client();
        byte[] payload = Noise.Bytes(3_000_000);
        string[] options = ["-v", "-o", $"Ciphers={cipher}", .. byThem ? ["-o", "RekeyLimit=16K"] : Array.Empty<string>()];
        ToolResult result = (await client.SshAsync("cat", options, payload)).Expect();
        Noise.AssertSame(payload, result.Output);
        int exchanges = result.Errors.Split("SSH2_MSG_NEWKEYS received").Length - 1;
        Assert.True(exchanges > 10, $"Only {exchanges} key exchanges took place.");
    }
}
