using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace RPort.EndToEnd.Kit;

/// <summary>A small web server: <c>/seed/size</c> answers so many bytes that depend on the seed.</summary>
internal sealed class WebSite : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;

    public WebSite()
    {
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port { get; } = Loopback.FreePort();

    public static string Sha256Of(int seed, int size) => Convert.ToHexString(SHA256.HashData(Content(seed, size)));

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private static byte[] Content(int seed, int size)
    {
        byte[] content = new byte[size];
        new Random(seed).NextBytes(content);
        return content;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.GetContextAsync());
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private static async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            string[] parts = context.Request.Url!.AbsolutePath.Split('/');
            byte[] content = Content(int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
            context.Response.ContentLength64 = content.Length;
            await context.Response.OutputStream.WriteAsync(content);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The caller has gone.
        }
    }
}
