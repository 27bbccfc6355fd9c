using System.Net;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Operations;

[Collection(SharedGateway.Name)]
public sealed class OperationsTests(SharedGateway shared)
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "connect"];
    private readonly TestGateway _gateway = shared.Gateway;

    [Fact]
    public async Task Health_answers_without_credentials()
    {
        using HttpClient caller = _gateway.Client();

        Assert.Equal("live", (await (await caller.GetAsync("/health/live")).DataAsync()).GetProperty("status").GetString());
        await Eventually.TrueAsync("the gateway is ready", async () => (await caller.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Metrics_are_for_the_administrator_and_in_Prometheus_form()
    {
        using HttpClient stranger = _gateway.Client();
        await (await stranger.GetAsync("/metrics")).FailsAsync(401, "unauthorized");

        string text = await _gateway.Http.GetStringAsync("/metrics");

        Assert.Contains("# TYPE http_server_request_duration_seconds histogram\n", text, StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration_seconds_bucket{", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^(# (HELP|TYPE) [a-z0-9_]+ .*|[a-zA-Z_][a-zA-Z0-9_]*(\\{.*\\})? [0-9.eE+-]+)$", line));
    }

    [Fact]
    public async Task Every_operation_is_described_with_its_failures()
    {
        using HttpClient caller = _gateway.Client();
        JsonElement document = JsonElement.Parse(await caller.GetStringAsync("/swagger/v1/swagger.json"));

        List<string> described = [];
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject().Where(o => Methods.Contains(o.Name)))
            {
                string name = $"{operation.Name} {path.Name}";
                described.Add(name);
                Assert.False(string.IsNullOrEmpty(operation.Value.GetProperty("summary").GetString()), name);
                Assert.True(operation.Value.GetProperty("responses").TryGetProperty("500", out _), name);
                bool open = path.Name.StartsWith("/health", StringComparison.Ordinal) || path.Name.EndsWith("/login", StringComparison.Ordinal);
                Assert.True(open || operation.Value.GetProperty("responses").TryGetProperty("401", out _), name);
                Assert.Equal(!open || name == "get /api/v1/login", operation.Value.TryGetProperty("security", out _));
            }
        }

        Assert.Superset(
            new HashSet<string>
            {
                "get /api/v1/login", "post /api/v1/login", "delete /api/v1/logout", "get /api/v1/me", "get /api/v1/me/ip", "get /api/v1/status", "get /api/v1/clients", "get /api/v1/clients/{clientId}",
                "delete /api/v1/clients/{clientId}", "get /api/v1/client-tags", "post /api/v1/files", "get /api/v1/files", "get /api/v1/files/{uuid}", "delete /api/v1/files/{uuid}",
                "post /api/v1/files/{uuid}/retry", "get /api/v1/ws/uploads", "put /api/v1/clients/{clientId}/tunnels",
                "delete /api/v1/clients/{clientId}/tunnels/{tunnelId}", "put /api/v1/clients/{clientId}/tunnels/{tunnelId}/acl", "get /api/v1/tunnels", "get /api/v1/clients/{clientId}/stored-tunnels",
                "post /api/v1/clients/{clientId}/stored-tunnels", "put /api/v1/clients/{clientId}/stored-tunnels/{tunnelId}", "delete /api/v1/clients/{clientId}/stored-tunnels/{tunnelId}",
                "get /api/v1/clients/{clientId}/attributes", "put /api/v1/clients/{clientId}/attributes", "post /api/v1/clients/{clientId}/acl", "get /health/live", "get /health/ready", "get /metrics",
            },
            described.ToHashSet());
        JsonElement form = document.GetProperty("paths").GetProperty("/api/v1/files").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("multipart/form-data").GetProperty("schema");
        Assert.Equal("binary", form.GetProperty("properties").GetProperty("upload").GetProperty("format").GetString());
        using HttpResponseMessage page = await caller.GetAsync("/swagger/index.html");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task A_browser_that_asks_for_nothing_in_particular_is_shown_the_description()
    {
        using HttpClient caller = _gateway.Client();
        using HttpResponseMessage page = await caller.GetAsync("/");
        Assert.Equal("/swagger/index.html", page.RequestMessage!.RequestUri!.AbsolutePath);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_may_be_asked_with_HEAD(string path)
    {
        using HttpClient caller = _gateway.Client();
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using HttpResponseMessage answer = await caller.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "no/such/thing", 404, "page not found", "")]
    [InlineData("PUT", "me", 405, "method not allowed", "GET is expected here")]
    [InlineData("PATCH", "files", 405, "method not allowed", "GET or POST is expected here")]
    [InlineData("POST", "clients/any/tunnels", 405, "method not allowed", "GET or PUT is expected here")]
    public async Task What_does_not_exist_has_the_error_shape(string method, string path, int status, string title, string detail)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        JsonElement error = await (await _gateway.Http.SendAsync(request)).FailsAsync(status, title);
        Assert.Equal(detail, error.GetProperty("detail").GetString());
    }
}
