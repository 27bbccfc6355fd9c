using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace RPort.EndToEnd.Kit;

/// <summary>A tunnel as a script would make it.</summary>
internal sealed class TunnelPort(GatewayProcess gateway, string client, JsonElement made)
{
    public string Id => made.GetProperty("id").GetString()!;

    public int Port => int.Parse(made.GetProperty("lport").GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Opens a tunnel to a target; the query's other parameters are given as they stand in a URL.</summary>
    public static async Task<TunnelPort> OpenAsync(GatewayProcess gateway, string client, string remote, string query = "")
    {
        using HttpResponseMessage response = await gateway.Api.PutAsync($"clients/{client}/tunnels?remote={Uri.EscapeDataString(remote)}{(query.Length > 0 ? "&" + query : "")}", null);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"PUT tunnels: {(int)response.StatusCode} {body}\n{gateway.Process.Tail(20)}");
        return new TunnelPort(gateway, client, JsonDocument.Parse(body).RootElement.GetProperty("data").Clone());
    }

    public static Task<TunnelPort> OpenAsync(GatewayProcess gateway, string client, int remote, string query = "") =>
        OpenAsync(gateway, client, $"127.0.0.1:{remote}", query);

    /// <summary>A connection through it.</summary>
    public async Task<Socket> DialAsync(IPAddress? from = null)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(IPAddress.Loopback, Port).WaitAsync(TimeSpan.FromSeconds(20));
        return socket;
    }

    /// <summary>How it fares at this moment.</summary>
    public async Task<JsonElement> ViewAsync() =>
        (await gateway.GetDataAsync($"clients/{client}")).GetProperty("tunnels").EnumerateArray().Single(tunnel => tunnel.GetProperty("id").GetString() == Id);

    public async Task EmptyAsync(TimeSpan limit) => await Eventually.TrueAsync(
        "nobody is inside the tunnel any more", limit, async () => (await ViewAsync()).GetProperty("connections").GetInt32() == 0, () => gateway.Process.Tail(20));

    public async Task<HttpStatusCode> DeleteAsync(bool force)
    {
        using HttpResponseMessage response = await gateway.Api.DeleteAsync($"clients/{client}/tunnels/{Id}?force={(force ? "true" : "false")}");
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> ChangeAclAsync(string acl)
    {
        using StringContent body = new($$"""{"acl":"{{acl}}"}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await gateway.Api.PutAsync($"clients/{client}/tunnels/{Id}/acl", body);
        return response.StatusCode;
    }
}
