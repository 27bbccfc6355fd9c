using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace RPort.Load.Server;

/// <summary>The calls of the REST API that the scenarios need.</summary>
internal sealed class OperatorApi : IDisposable
{
    private readonly HttpClient _http;

    public OperatorApi(Uri address, string auth)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(auth)));
    }

    /// <summary>Waits until the gateway says that it can serve.</summary>
    public async Task WaitReadyAsync(Func<bool> hasExited, CancellationToken cancellationToken)
    {
        while (!await IsReadyAsync(cancellationToken))
        {
            if (hasExited())
            {
                throw new LoadException("the gateway ended instead of starting");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    public async Task<string> FingerprintAsync(CancellationToken cancellationToken) =>
        (string)(await GetAsync("api/v1/status", cancellationToken))["data"]!["fingerprint_sha256"]!;

    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await _http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    /// <summary>Starts a push to all clients that bear a tag; answers its id.</summary>
    public async Task<string> PushAsync(byte[] content, string tag, CancellationToken cancellationToken)
    {
        using MultipartFormDataContent form = new()
        {
            { new StringContent($$"""{"tags":["{{tag}}"],"operator":"OR"}"""), "tags" },
            { new StringContent("/tmp/rport-load"), "dest" },
            { new ByteArrayContent(content), "upload", "load" },
        };
        using HttpResponseMessage answer = await _http.PostAsync(new Uri("api/v1/files", UriKind.Relative), form, cancellationToken);
        return (string)(await ReadAsync(answer, cancellationToken))["data"]!["uuid"]!;
    }

    /// <summary>The newest push as the list shows it: counts of targets by how they stand.</summary>
    public async Task<JsonNode> NewestPushAsync(CancellationToken cancellationToken) =>
        (await GetAsync("api/v1/files?page[limit]=1", cancellationToken))["data"]![0]!;

    /// <summary>Opens a tunnel to a port of the agent's machine; answers the gateway's port.</summary>
    public async Task<int> OpenTunnelAsync(string client, int port, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await _http.PutAsync(
            new Uri($"api/v1/clients/{client}/tunnels?remote=127.0.0.1:{port}&local=127.0.0.1:0&check_port=0", UriKind.Relative), null, cancellationToken);
        return int.Parse((string)(await ReadAsync(answer, cancellationToken))["data"]!["lport"]!, System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri("health/ready", UriKind.Relative), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        string text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(text)!
            : throw new LoadException($"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath}: {(int)answer.StatusCode} {text}");
    }
}
