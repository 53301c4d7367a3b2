package dev.freshet.write.declaration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CommandFileTest {

  private static final String MOVE =
      """
      /*
      request: PUT /orders/{id}/status          # method and path
      path: { id: uuid }
      query: { dry: boolean }
      body: { required: [status], properties: { status: { enum: [preparing, ready] }, n: { type: integer } } }
      types: { n: int }
      scopes: [orders:write]
      state: select status, version from orders where id = :id for update      # no row: 404
      state-missing: null
      constraints: { orders_table_no_check: "422 /table_no must be free" }
      problems: { sold-out: 409 }
      idempotency: optional
      if-match: required
      isolation: serializable
      retry: 5
      role: clerk
      audit: { content: true, mask: [/status] }
      answer: { created: 201 /menu/{id}, else: 200 }
      */
      select 'conflict' as refused where (:state.status, :status) not in (('a', 'b'));

      update orders set status = :status, n = :n where id = :id and :dry and :claims ->> 'sub' = :principal
      returning id, status, version, true as created;
      """;

  @Test
  void everyMemberOfAHeaderIsRead() {
    Declaration move = CommandFile.read("move_order", MOVE);
    assertThat(move.request()).isEqualTo("PUT /orders/{id}/status");
    assertThat(move.inputs().values().stream().map(i -> i.name() + " " + i.from() + " " + i.type()))
        .containsExactlyInAnyOrder(
            "id PATH uuid", "dry QUERY boolean", "status BODY null", "n BODY int");
    assertThat(move.scopes()).containsExactly("orders:write");
    int state = Objects.requireNonNull(move.state()).start();
    assertThat(move.file().text().substring(state)).startsWith("select status");
    assertThat(move.stateMayBeMissing()).isTrue();
    assertThat(move.constraints().values())
        .containsExactly(new Declaration.Violated(422, "/table_no", "must be free"));
    assertThat(move.problems()).isEqualTo(Map.of("sold-out", 409));
    assertThat(move.rules())
        .isEqualTo(
            new Declaration.Rules(
                Declaration.Wanted.OPTIONAL,
                Declaration.Wanted.REQUIRED,
                true,
                5,
                true,
                "clerk",
                new Declaration.Audited(true, true, List.of("/status"))));
    assertThat(Objects.requireNonNull(move.answer().made()).location()).isEqualTo("/menu/{id}");
    assertThat(move.answer().usual().status()).isEqualTo(200);
    assertThat(move.statements().stream().flatMap(s -> s.parameters().stream()))
        .extracting(Statement.Parameter::name)
        .containsExactly(
            "state.status", "status", "status", "n", "id", "dry", "claims", "principal");
    assertThat(
            Objects.requireNonNull(move.body())
                .violations(json("{\"status\": \"ready\", \"tip\": 1}")))
        .extracting(violation -> violation.pointer())
        .containsExactly("/tip");
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  @Test
  void whatIsLeftOutHasTheContractsDefaults() {
    Declaration post = CommandFile.read("a", "/* request: POST /a */ select 1 as n");
    assertThat(post.rules())
        .isEqualTo(
            new Declaration.Rules(
                Declaration.Wanted.OPTIONAL,
                Declaration.Wanted.OPTIONAL,
                false,
                3,
                false,
                null,
                null));
    Declaration delete =
        CommandFile.read("a", "/*\nrequest: DELETE /a/{b}\nanswer: 204\n*/ delete from a");
    assertThat(delete.rules().idempotency()).isEqualTo(Declaration.Wanted.NONE);
    assertThat(delete.input("b")).hasValueSatisfying(b -> assertThat(b.type()).isEqualTo("text"));
    assertThat(delete.answer().hasNoBody()).isTrue();
  }

  /** A change to the command above, and what is said of it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "request: PUT|reqest: PUT|line 2, column 1: 'reqest' is not a key here; did you mean request?",
        "request: PUT|request: GET|line 2, column 10: request is 'GET /orders/{id}/status'; write a method",
        "{id}/status |{id}/{id} |line 2, column 10: the path has {id} twice",
        "{id}/status |{id}/** |line 2, column 10: a command's path has no * and no ?",
        "/orders/{id}/status |/.freshet/{id} |line 2, column 10: /.freshet is a path of the backend's own",
        "path: { id: uuid }|path: { di: uuid }|line 3, column 9: the path has no {di}; there are id",
        "path: { id: uuid }|path: { id: 'uuid; drop' }|line 3, column 13: 'uuid; drop' is no type of PostgreSQL",
        "path: { id: uuid }|path: [ id ]|line 3, column 7: path must be keys and values",
        "{ dry: boolean }|{ id: boolean }|line 4, column 10: 'id' is in two places of the request",
        "{ dry: boolean }|{ now: boolean }|line 4, column 10: 'now' means something else in every command",
        "{ dry: boolean }|{ a-b: boolean }|line 4, column 10: 'a-b' can't be written as :name",
        "properties: { st|propertis: { st|line 5, column 29: 'propertis' is no keyword of JSON Schema; did you mean properties?",
        "enum: [preparing|enum: 7, x: [preparing|line 5, column 62: 'x' is no keyword of JSON Schema",
        "enum: [preparing, ready]|enum: 7|line 5, column 59: this is no JSON Schema",
        "{ type: integer }|{ pattern: '(' }|line 5, column 95: this is no regular expression",
        "types: { n: int }|types: { m: int }|line 6, column 10: the body's schema has no property 'm'",
        "[orders:write]|[]|line 7, column 9: scopes is empty",
        "[orders:write]|['a b']|line 7, column 10: scopes is 'a b'; a scope has no spaces",
        "where id = :id for|where id = :di for|line 8, column 54: nothing is called :di; there are dry, id, n, status",
        "state: select status, version from orders where|state: update orders set x = 1 where|line 8, column 8: a state is a SELECT",
        "\"422 /table_no|\"522 /table_no|line 10, column 39: orders_table_no_check is '522 /table_no must be free'; write a status",
        "sold-out: 409|conflict: 409|line 11, column 13: 'conflict' is a code of Freshet's own",
        "sold-out: 409|Sold-Out: 409|line 11, column 13: 'Sold-Out' can't stand here; a code is in lower case",
        "sold-out: 409|sold-out: 200|line 11, column 23: sold-out is '200'; a status is from 400",
        "idempotency: optional|idempotency: yes|line 12, column 14: idempotency is 'yes'; there are none, optional, required",
        "isolation: serializable|isolation: read uncommitted|line 14, column 12: isolation is 'read uncommitted'",
        "retry: 5|retry: -1|line 15, column 8: retry is '-1'",
        "{ created: 201 /menu/{id}, else: 200 }|{ created: 201 /menu/{id} }|line 18, column 9: an answer by the column created has two",
        "else: 200|else: 404|line 18, column 42: '404' is no answer; write 200, 204 or 201",
        "select 'conflict'|create table x (); select 'conflict'|line 20, column 1: create can't stand in a command",
        "select 'conflict'|begin; select 'conflict'|line 20, column 1: a command is one transaction",
        "select 'conflict'|set role x; select 'conflict'|line 20, column 1: a command changes no settings",
        "select 'conflict'|copy a from stdin; select 'conflict'|line 20, column 1: copy can't stand in a command",
        "select 'conflict' as refused|select 'conflict' as refused into b|line 20, column 30: SELECT INTO makes a table",
        "select 'conflict'|select dblink('x', 'y'); select 'conflict'|line 20, column 8: dblink writes outside",
        "(:state.status|(:state|line 20, column 37: :state is a row; name a column",
        "(:state.status|(:last.status|line 20, column 37: there is no statement before this one",
        "n = :n|n = $1|line 22, column 41: values have names here",
        "n = :n|n = :m|line 22, column 41: nothing is called :m",
        "true as created;|true as created, 'x|line 23, column 49: nothing closes what begins here",
      })
  void slipIsToldWithItsPlace(String valid, String slip, String said) {
    assertThat(MOVE).contains(valid);
    assertThatThrownBy(() -> CommandFile.read("move_order", MOVE.replace(valid, slip)))
        .hasMessageContaining("move_order.sql, " + said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/* request: POST /a */|line 1, column 23: there is no statement",
        "/* request: POST /a */ -- nothing|line 1, column 34: there is no statement",
        "/* request: POST /a */ select :body|line 1, column 31: the header says nothing of a body",
        "/* request: POST /a */ select :state.a|line 1, column 31: there is no state here",
        "select 1|line 1, column 1: the file does not begin with a header",
      })
  void whatIsNotThereIsMissed(String text, String said) {
    assertThatThrownBy(() -> CommandFile.read("a", text)).hasMessageContaining(said);
  }

  @Test
  void twoCommandsCanNotHaveOneRequest() {
    CommandFiles files =
        CommandFiles.read(
            Map.of(
                "a", "/* request: POST /x/{id} */ select 1",
                "b", "/* request: POST /x/{other} */ select 1",
                "c", "/* request: PUT /x/{id} */ select 1",
                "d", "/* request: PUT */"));
    assertThat(files.declared()).containsOnlyKeys("a", "c");
    assertThat(files.broken()).containsOnlyKeys("b", "d");
    assertThat(files.broken().get("b"))
        .first()
        .hasToString("line 1, column 13: POST /x/{other} is the request of a.sql, too");
  }
}
