using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using RPort.Gateway.Listeners;
using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Listeners;

public sealed class ListenerTests
{
    [Fact]
    public async Task Each_port_serves_its_own_side_only_and_the_API_can_be_TLS()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("rport-tls-");
        try
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 certificate = new CertificateRequest("CN=gateway.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            string certificateFile = Path.Combine(folder.FullName, "certificate.pem");
            string keyFile = Path.Combine(folder.FullName, "key.pem");
            await File.WriteAllTextAsync(certificateFile, certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());
            await using TestGateway gateway = await TestGateway.StartAsync($"Api:CertificateFile={certificateFile}", $"Api:KeyFile={keyFile}");
            string seen = "";
            using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => (seen = shown!.Subject).Length > 0 } };
            using var http = new HttpClient(handler);

            using HttpResponseMessage api = await http.GetAsync(new Uri(gateway.Api, "/health/live"));
            using HttpResponseMessage agents = await http.GetAsync(new Uri(gateway.Agents, "/health/live"));
            using HttpResponseMessage swagger = await http.GetAsync(new Uri(gateway.Agents, "/swagger/index.html"));

            Assert.Equal("https", gateway.Api.Scheme);
            Assert.Equal("CN=gateway.test", seen);
            Assert.Equal(HttpStatusCode.OK, api.StatusCode);
            Assert.NotEqual(HttpStatusCode.OK, agents.StatusCode);
            Assert.NotEqual(HttpStatusCode.OK, swagger.StatusCode);
            Assert.DoesNotContain("live", await agents.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("127.0.0.1:3000", true)]
    [InlineData("[::]:3000", true)]
    [InlineData("0.0.0.0:0", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("localhost:3000", false)]
    [InlineData("127.0.0.1:70000", false)]
    [InlineData(":3000", false)]
    [InlineData("", false)]
    public void An_address_is_an_IP_address_and_a_port(string address, bool good)
    {
        ValidateOptionsResult result = new ListenerValidation().Validate(null, new ApiListenerOptions { Address = address });

        Assert.Equal(good, result.Succeeded);
    }

    [Fact]
    public void A_certificate_needs_its_key() =>
        Assert.Contains("must be given together", new ListenerValidation().Validate(null, new AgentListenerOptions { CertificateFile = "x.pem" }).FailureMessage, StringComparison.Ordinal);
}
