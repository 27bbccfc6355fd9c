using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace RPort.Gateway.Tests.Kit;

/// <summary>A whole gateway with its silo, on ports the system chose, with its data in a folder of its own.</summary>
public sealed class TestGateway : IAsyncDisposable
{
    public const string User = "admin";
    public const string Password = "correct horse battery";

    private readonly WebApplication _app;
    private readonly System.Collections.Concurrent.ConcurrentBag<object> _kept = [];

    private TestGateway(WebApplication app, string folder)
    {
        _app = app;
        Folder = folder;
        string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        Agents = new Uri(addresses[0]);
        Api = new Uri(addresses[1]);
        Http = Client();
        Http.DefaultRequestHeaders.Authorization = Basic(User, Password);
    }

    public string Folder { get; }

    public string PayloadFolder => Path.Combine(Folder, "payloads");

    public Uri Agents { get; }

    public Uri Api { get; }

    /// <summary>Calls the API as the administrator.</summary>
    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    /// <summary>Keeps a session alive as long as this: grains hold observers weakly, and a test may not name its client to its end.</summary>
    public void Keep(object observer) => _kept.Add(observer);

    /// <summary>Starts one. Settings have the form <c>Files:MaxFilePushSize=100</c>.</summary>
    public static async Task<TestGateway> StartAsync(params string[] settings)
    {
        string folder = Directory.CreateTempSubdirectory("rport-gateway-").FullName;
        string[] defaults =
        [
            "Api:Address=127.0.0.1:0", "Agents:Address=127.0.0.1:0", $"Api:Auth={User}:{Password}", $"Api:DataFolder={folder}", "Api:MaxFailedLogin=0", "Api:UserLoginWait=0:0:0",
            $"Agents:KeyFolder={folder}/keys", $"Payloads:Folder={folder}/payloads", $"Payloads:CacheFolder={folder}/cache", $"GrainStorage:Sqlite:File={folder}/grains.db",
        ];
        WebApplicationBuilder builder = GatewayHost.CreateBuilder([.. defaults.Concat(settings).Select(setting => $"--{setting}")]);
        WebApplication app = GatewayHost.Build(builder);
        await app.StartAsync();
        return new TestGateway(app, folder);
    }

    /// <summary>A caller without credentials.</summary>
    public HttpClient Client() => new() { BaseAddress = new Uri(Api, "/api/v1/"), Timeout = TimeSpan.FromSeconds(60) };

    public static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

internal static class Answers
{
    /// <summary>The body as JSON, whatever the status.</summary>
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync();
        return body.Length == 0 ? throw new InvalidOperationException($"{(int)response.StatusCode} without a body") : JsonElement.Parse(body);
    }

    /// <summary>What the answer holds under <c>data</c>; the status must be 200.</summary>
    public static async Task<JsonElement> DataAsync(this HttpResponseMessage response)
    {
        JsonElement body = await response.JsonAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {body}");
        Assert.Equal("application/json; charset=UTF-8", response.Content.Headers.ContentType!.ToString());
        return body.GetProperty("data");
    }

    /// <summary>Asserts the status, and that the body is the error shape with this first title.</summary>
    public static async Task<JsonElement> FailsAsync(this HttpResponseMessage response, int status, string title)
    {
        JsonElement body = await response.JsonAsync();
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode} {body}");
        Assert.Equal("application/json; charset=UTF-8", response.Content.Headers.ContentType!.ToString());
        JsonElement error = body.GetProperty("errors")[0];
        Assert.Equal(["code", "title", "detail"], error.EnumerateObject().Select(p => p.Name));
        Assert.Equal(title, error.GetProperty("title").GetString());
        return error;
    }
}
