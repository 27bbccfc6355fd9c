using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using RPort.Gateway.Errors;
using RPort.Gateway.Queries;

namespace RPort.Gateway.Tests.Queries;

public sealed class ListQueryParserTests
{
    private static readonly FrozenSet<string> Fields = FrozenSet.Create("id", "name", "tags");
    private static readonly ListShape Shape = new("things", Fields, FrozenSet.Create("id", "name"), Fields, 50, 500);

    [Fact]
    public void Nothing_asked_is_the_first_page_of_everything()
    {
        ListQuery query = Parse("");

        Assert.Equal((0, 50), (query.Offset, query.Limit));
        Assert.Empty(query.Filters);
        Assert.Empty(query.Sorts);
        Assert.Empty(query.Fields);
    }

    [Fact]
    public void Filters_name_fields_operators_and_values()
    {
        ListQuery query = Parse("?filter[id|name]=a*,b&filter[tags]=and(x, y)&filter[*][eq]=z&filter[tags]=or(p,q)");

        Assert.Equal(["id", "name"], query.Filters[0].Fields.ToArray());
        Assert.Equal(["a*", "b"], query.Filters[0].Values.ToArray());
        Assert.False(query.Filters[0].AllValues);
        QueryFilter all = Assert.Single(query.Filters, f => f.AllValues);
        Assert.Equal(["x", "y"], all.Values.ToArray());
        Assert.Contains(query.Filters, f => f.Fields is ["*"] && f.Values is ["z"]);
        Assert.Contains(query.Filters, f => f.Values is ["p", "q"] && !f.AllValues);
    }

    [Fact]
    public void Sorts_pages_and_fields_are_read()
    {
        ListQuery query = Parse("?sort=-name&sort=id&page[limit]=500&page[offset]=7&fields[things]=name,id,name");

        Assert.Equal([new QuerySort("name", true), new QuerySort("id", false)], query.Sorts.ToArray());
        Assert.Equal((7, 500), (query.Offset, query.Limit));
        Assert.Equal(["name", "id"], query.Fields.ToArray());
    }

    [Theory]
    [InlineData("?filter[x]=1", "unsupported filter field 'filter[x]'")]
    [InlineData("?filter[id|x]=1", "unsupported filter field 'filter[id|x]'")]
    [InlineData("?filter[id][gt]=1", "unsupported filter field 'filter[id][gt]'")]
    [InlineData("?filter[id=1", "unsupported filter field 'filter[id'")]
    [InlineData("?sort=tags", "unsupported sort field 'tags'")]
    [InlineData("?sort=-bogus", "unsupported sort field 'bogus'")]
    [InlineData("?fields[others]=id", "unsupported resource in fields: \"others\"")]
    [InlineData("?fields[things]=id,f", "unsupported field \"f\" for resource \"things\"")]
    [InlineData("?page[limit]=x", "pagination limit must be a number")]
    [InlineData("?page[limit]=0", "pagination limit must be positive")]
    [InlineData("?page[limit]=501", "pagination limit too big (501) maximum is 500")]
    [InlineData("?page[offset]=x", "pagination offset must be a number")]
    [InlineData("?page[offset]=-1", "pagination offset must not be negative")]
    public void A_mistake_is_named(string query, string title)
    {
        ApiFailure failure = Assert.Throws<ApiFailureException>(() => Parse(query)).Failure;

        Assert.Equal(400, failure.Status);
        Assert.Equal(title, Assert.Single(failure.Errors).Title);
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        ApiFailure failure = Assert.Throws<ApiFailureException>(() => Parse("?sort=x&sort=y&page[limit]=0")).Failure;

        Assert.Equal(3, failure.Errors.Count);
    }

    [Fact]
    public void A_huge_offset_stays_a_number() => Assert.True(Parse($"?page[offset]={int.MaxValue}&page[limit]=500") is { } query && query.Offset + query.Limit > 0);

    private static ListQuery Parse(string query) => ListQueryParser.Parse(new QueryCollection(QueryHelpers.ParseQuery(query)), Shape);
}
