using TokenLedger.Cli.Api;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class ProblemTests
{
    [Fact]
    public void Tells_title_detail_reason_and_field_errors_in_one_line()
    {
        var problem = Problem.Read(400, """
            {"title": "Bad request", "status": 400, "detail": "Two fields\nare wrong.", "reason": "invalid-request",
             "errors": {"replicas": ["must be at least 1", "must be whole"], "model": ["is missing"]}}
            """u8.ToArray());
        Assert.Equal("Bad request (400, invalid-request): Two fields are wrong. [replicas: must be at least 1 must be whole; model: is missing]", problem.ToLine());
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>Bad gateway</html>")]
    [InlineData("[]")]
    public void Falls_back_to_the_status_when_the_answer_is_no_problem_document(string body) =>
        Assert.Equal("The server refused (502)", Problem.Read(502, System.Text.Encoding.UTF8.GetBytes(body)).ToLine());

    [Fact]
    public void Never_tells_more_than_a_line() =>
        Assert.InRange(Problem.Read(400, System.Text.Encoding.UTF8.GetBytes($$"""{"title":"{{new string('x', 10_000)}}"}""")).ToLine().Length, 1, 700);
}
