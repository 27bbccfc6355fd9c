using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using RPort.EndToEnd.Kit;

namespace RPort.EndToEnd;

/// <summary>Both ports with the gateway's own certificate.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task A_file_reaches_an_agent_that_dials_wss()
    {
        using TempFolder folder = new();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(folder["cert.pem"], certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder["key.pem"], key.ExportPkcs8PrivateKeyPem());
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(folder, new JsonObject
        {
            ["Agents"] = new JsonObject { ["CertificateFile"] = folder["cert.pem"], ["KeyFile"] = folder["key.pem"] },
        });

        // OpenSSL, and so .NET on Linux, takes its trusted certificates from this variable.
        await using AgentProcess agent = new(folder, "tls", $"wss://127.0.0.1:{gateway.AgentPort}", gateway.Fingerprint) { TrustedCertificates = folder["cert.pem"] };
        agent.Start();
        await gateway.ConnectedAsync(1);
        string file = RandomFile.Create(folder["file.bin"], 5_000_000);
        Push push = await Push.StartAsync(gateway, file, Path.Combine(agent.Received, "file.bin"), ["tls"]);
        Assert.Equal("success", (await push.FinishedAsync(TimeSpan.FromSeconds(60), () => agent.Process.Tail()))["tls"].Status);
        Assert.Equal(RandomFile.Sha256(file), RandomFile.Sha256(Path.Combine(agent.Received, "file.bin")));

        await using AgentProcess distrustful = new(folder, "distrustful", $"wss://127.0.0.1:{gateway.AgentPort}", gateway.Fingerprint);
        distrustful.Start();
        await distrustful.Process.LineAsync(line => line.Contains("certificate", StringComparison.OrdinalIgnoreCase), TimeSpan.FromSeconds(30));
    }
}
