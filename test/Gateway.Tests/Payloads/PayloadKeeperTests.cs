using Microsoft.Extensions.DependencyInjection;
using RPort.Gateway.Payloads;
using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Payloads;

[Collection(SharedGateway.Name)]
public sealed class PayloadKeeperTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;

    [Fact]
    public async Task The_sweep_deletes_what_is_old_and_needed_by_no_push()
    {
        await ScriptedClient.ConnectAsync(_gateway, "swept");
        using MultipartFormDataContent form = Form.With(("client_id", "swept"), ("dest", "/srv/x"), ("id", "needed")).File([1]);
        await (await _gateway.Http.PostAsync("files", form)).DataAsync();
        foreach (string name in new[] { "orphan-old", "orphan-young" })
        {
            await File.WriteAllBytesAsync(Path.Combine(_gateway.PayloadFolder, name), [1]);
        }

        foreach (string name in new[] { "orphan-old", "needed" })
        {
            File.SetLastWriteTimeUtc(Path.Combine(_gateway.PayloadFolder, name), DateTime.UtcNow.AddHours(-2));
        }

        await _gateway.Services.GetRequiredService<PayloadKeeper>().SweepAsync(CancellationToken.None);

        Assert.False(File.Exists(Path.Combine(_gateway.PayloadFolder, "orphan-old")));
        Assert.True(File.Exists(Path.Combine(_gateway.PayloadFolder, "orphan-young")));
        Assert.True(File.Exists(Path.Combine(_gateway.PayloadFolder, "needed")));
    }
}
