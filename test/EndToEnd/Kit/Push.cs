using System.Net;
using System.Text.Json;

namespace RPort.EndToEnd.Kit;

/// <summary>One file push as a script would make it: multipart POST, then reading its state.</summary>
internal sealed class Push(GatewayProcess gateway, string id)
{
    public string Id => id;

    public static async Task<Push> StartAsync(GatewayProcess gateway, string file, string destination, IEnumerable<string> clients, params (string Field, string Value)[] fields)
    {
        using HttpResponseMessage response = await PostAsync(gateway, file, destination, clients, fields);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"POST files: {(int)response.StatusCode} {body}");
        return new Push(gateway, JsonDocument.Parse(body).RootElement.GetProperty("data").GetProperty("uuid").GetString()!);
    }

    public static async Task<HttpResponseMessage> PostAsync(GatewayProcess gateway, string file, string destination, IEnumerable<string> clients, params (string Field, string Value)[] fields)
    {
        await using FileStream content = File.OpenRead(file);
        return await PostAsync(gateway, new StreamContent(content, 1 << 20), destination, clients, fields);
    }

    public static async Task<HttpResponseMessage> PostAsync(GatewayProcess gateway, HttpContent file, string destination, IEnumerable<string> clients, params (string Field, string Value)[] fields)
    {
        using MultipartFormDataContent form = [];
        foreach (string client in clients)
        {
            form.Add(new StringContent(client), "client_id");
        }

        form.Add(new StringContent(destination), "dest");
        foreach ((string field, string value) in fields)
        {
            form.Add(new StringContent(value), field);
        }

        form.Add(file, "upload", "file.bin");
        return await gateway.Api.PostAsync("files", form);
    }

    public Task<JsonElement> GetAsync() => gateway.GetDataAsync($"files/{id}");

    /// <summary>The state of every client of this push by client id, once none is pending.</summary>
    public async Task<Dictionary<string, PushedClient>> FinishedAsync(TimeSpan limit, Func<string>? context = null)
    {
        string last = "";
        await Eventually.TrueAsync($"push {id} has finished", limit, async () =>
        {
            JsonElement state;
            try
            {
                state = await GetAsync();
            }
            catch (HttpRequestException)
            {
                return false;
            }

            last = state.ToString();
            return Clients(state).Values.All(client => client.Status != "pending");
        }, () => $"{last}\n{context?.Invoke()}\n{gateway.Process.Tail()}");
        return Clients(await GetAsync());
    }

    public static Dictionary<string, PushedClient> Clients(JsonElement state) => state.GetProperty("clients").EnumerateArray().ToDictionary(
        client => client.GetProperty("client_id").GetString()!,
        client => new PushedClient(
            client.GetProperty("status").GetString()!,
            client.GetProperty("bytes").GetInt64(),
            client.GetProperty("message").GetString()!));
}

/// <summary>One target of a push as REST shows it.</summary>
internal sealed record PushedClient(string Status, long Bytes, string Message);
