using System.Globalization;
using System.Net;
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

    /// <summary>Asks for a push to some clients, under an id of our choice and with further fields. The status, and the text of the answer.</summary>
    public async Task<(HttpStatusCode Status, string Text)> PushAsync(
        string id, ReadOnlyMemory<byte> content, string destination, IEnumerable<string> clients, IEnumerable<(string Field, string Value)> fields, CancellationToken cancellationToken)
    {
        using MultipartFormDataContent form = [];
        foreach ((string field, string value) in clients.Select(static client => ("client_id", client)).Concat(fields).Append(("id", id)).Append(("dest", destination)))
        {
            form.Add(new StringContent(value), field);
        }

        form.Add(new ReadOnlyMemoryContent(content), "upload", "load");
        using HttpResponseMessage answer = await _http.PostAsync(new Uri("api/v1/files", UriKind.Relative), form, cancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>Opens a tunnel to a port of the agent's machine, never closed for idleness.</summary>
    public async Task<OpenedTunnel> OpenTunnelAsync(string client, int port, string protocol, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await _http.PutAsync(
            new Uri($"api/v1/clients/{client}/tunnels?remote=127.0.0.1:{port}&local=127.0.0.1:0&protocol={protocol}&check_port=0&skip-idle-timeout=true", UriKind.Relative),
            null,
            cancellationToken);
        JsonNode tunnel = (await ReadAsync(answer, cancellationToken))["data"]!;
        return new OpenedTunnel(client, (string)tunnel["id"]!, int.Parse((string)tunnel["lport"]!, CultureInfo.InvariantCulture));
    }

    /// <summary>Bytes that live on the server's managed heap since the last collection.</summary>
    public async Task<long> HeapBytesAsync(CancellationToken cancellationToken)
    {
        string text = await _http.GetStringAsync(new Uri("metrics", UriKind.Relative), cancellationToken);
        return text.Split('\n')
            .Where(static line => line.StartsWith("dotnet_gc_last_collection_heap_size_bytes{", StringComparison.Ordinal))
            .Sum(static line => (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
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

/// <summary>A tunnel, as it was when it was opened.</summary>
internal sealed record OpenedTunnel(string Client, string Id, int Port);
