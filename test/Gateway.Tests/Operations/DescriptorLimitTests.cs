using RPort.Gateway.Operations;

namespace RPort.Gateway.Tests.Operations;

public sealed class DescriptorLimitTests
{
    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024L)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max processes             127                  127                  processes ", null)]
    [InlineData("Max open files", null)]
    public void The_soft_limit_is_read(string line, long? limit) =>
        Assert.Equal(limit, DescriptorLimit.Parse(["Limit                     Soft Limit           Hard Limit           Units     ", line]));
}
