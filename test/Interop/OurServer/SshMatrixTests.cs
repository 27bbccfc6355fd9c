using RPort.Interop.OpenSsh;

namespace RPort.Interop.OurServer;

/// <summary>OpenSSH's <c>ssh</c> on our server, with every combination of algorithms we offer.</summary>
public sealed class SshMatrixTests(ServedToSsh served) : IClassFixture<ServedToSsh>
{
    private static readonly byte[] Payload = Noise.Bytes(70_001);

    public static TheoryData<string, string, string, string> Matrix => Algorithms.Matrix();

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Ssh_talks_to_us(string keyExchange, string hostKey, string cipher, string mac)
    {
        string[] options =
        [
            "-o", $"KexAlgorithms={keyExchange}", "-o", $"HostKeyAlgorithms={hostKey}", "-o", $"Ciphers={cipher}",
            .. mac == Algorithms.NoMac ? Array.Empty<string>() : ["-o", $"MACs={mac}"],
        ];
        ToolResult result = (await served.Client.SshAsync("cat", options, Payload)).Expect();
        Noise.AssertSame(Payload, result.Output);
    }
}
