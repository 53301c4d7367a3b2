package dev.freshet.read.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.Cursor;
import dev.freshet.read.query.QueryGrammar;
import dev.freshet.read.query.Refused;
import dev.freshet.read.query.Representation;
import dev.freshet.runtime.Deadline;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.web.util.UriComponentsBuilder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What every store of models has to answer. It has the model {@code people}, with the key {@code
 * id}, and these rows of (id integer, name text, age integer, member boolean):
 *
 * <pre>
 * 1  Ada    36    true
 * 2  Bob    null  false
 * 3  Cleo   36    null
 * 4  null   50    true
 * 5  100%   7     false
 * </pre>
 */
abstract class ModelStoreLaws {

  static final List<List<@Nullable Object>> ROWS =
      List.of(
          row(1, "Ada", 36, true),
          row(2, "Bob", null, false),
          row(3, "Cleo", 36, null),
          row(4, null, 50, true),
          row(5, "100%", 7, false));

  private static final JsonMapper JSON = new JsonMapper();

  private static List<@Nullable Object> row(@Nullable Object... values) {
    List<@Nullable Object> row = new ArrayList<>();
    java.util.Collections.addAll(row, values);
    return row;
  }

  /** The store, with the rows above. */
  abstract ModelStore store();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "id=eq.2|2",
        "name=eq.Ada|1",
        "name=neq.Ada|2 3 5",
        "age=gt.36|4",
        "age=gte.36|1 3 4",
        "age=lt.36|5",
        "age=lte.36|1 3 5",
        "age=isdistinct.36|2 4 5",
        "id=in.(1,3,99)|1 3",
        "name=in.()|",
        "age=is.null|2",
        "age=not.is.null|1 3 4 5",
        "age=is.not_null|1 3 4 5",
        "member=is.true|1 4",
        "member=is.unknown|3",
        "name=like.*b|2",
        "name=like.100\\%|5",
        "name=ilike.a*|1",
        "name=not.eq.Ada|2 3 5",
        "id=eq(any).{1,5}|1 5",
        "id=gt(all).{1,3}|4 5",
        "or=(id.eq.1,age.eq.50)|1 4",
        "and=(age.eq.36,or(id.eq.3,id.eq.5))|3",
        "not.or=(id.eq.1,id.eq.2)|3 4 5",
        "not.and=(age.eq.36,id.eq.1)|2 3 4 5",
        "age=gt.0&name=eq.Cleo|3",
        "limit=2|1 2",
        "limit=2&offset=1|2 3",
        "limit=0|",
        "order=age|5 1 3 4 2",
        "order=age.desc|2 4 1 3 5",
        "order=age.nullsfirst,id.desc|2 5 3 1 4",
        "order=name.desc.nullslast&id=lt.4|3 2 1",
      })
  void rowsAreThoseThatAreAskedForInTheirOrder(String query, @Nullable String ids)
      throws Exception {
    assertThat(ids(query))
        .containsExactlyElementsOf(
            ids == null
                ? List.of()
                : List.of(ids.split(" ", -1)).stream().map(Integer::valueOf).toList());
  }

  @Test
  void valuesAreThoseThatAreAskedForByTheirNames() throws Exception {
    assertThat(json("select=nr:id,name&id=eq.2").toString())
        .isEqualTo("[{\"nr\":2,\"name\":\"Bob\"}]");
    assertThat(json("id=eq.2").toString())
        .isEqualTo("[{\"id\":2,\"name\":\"Bob\",\"age\":null,\"member\":false}]");
  }

  @Test
  void totalIsOfAllThatTheFiltersLetThrough() throws Exception {
    Answer.Rows rows = rows("age=gt.0&limit=1", Representation.JSON, Count.EXACT);
    assertThat(rows.rows()).isEqualTo(1);
    assertThat(rows.total()).isEqualTo(4);
    assertThat(rows("limit=5&offset=3", Representation.JSON, Count.NONE).total()).isEqualTo(5);
  }

  @Test
  void onlyRowIsAnObjectAndCsvHasAHeader() throws Exception {
    Answer.Rows one = rows("select=id&id=eq.3", Representation.OBJECT, Count.NONE);
    assertThat(text(one)).isEqualTo("{\"id\":3}");
    assertThat(rows("select=id", Representation.OBJECT, Count.NONE).rows()).isEqualTo(5);
    assertThat(text(rows("select=id,name&id=gte.4", Representation.CSV, Count.NONE)))
        .isEqualTo("id,name\n4,\n5,100%");
    assertThat(
            JSON.readTree(
                    text(
                        rows(
                            "select=id,name&id=eq.4",
                            Representation.JSON_WITHOUT_NULLS,
                            Count.NONE)))
                .toString())
        .isEqualTo("[{\"id\":4}]");
  }

  @ParameterizedTest
  @CsvSource({
    "order=age",
    "order=age.desc",
    "order=name.nullsfirst",
    "order=member.desc.nullslast",
    "order=id.desc"
  })
  void pagesByCursorHoldEachRowOnceThereAndBack(String order) throws Exception {
    List<Integer> all = ids(order);
    List<Integer> forth = new ArrayList<>();
    Answer.Rows page = rows(order + "&limit=2", Representation.JSON, Count.NONE);
    forth.addAll(ids(page));
    while (page.page().last() != null) {
      page =
          rows(
              order + "&limit=2&after=" + cursor(order, page.page().last()),
              Representation.JSON,
              Count.NONE);
      forth.addAll(ids(page));
    }
    assertThat(forth).isEqualTo(all);
    Answer.Rows before =
        rows(
            order + "&limit=2&before=" + cursor(order, page.page().first()),
            Representation.JSON,
            Count.NONE);
    assertThat(ids(before)).isEqualTo(all.subList(2, 4));
  }

  @Test
  void oneRowIsFoundByItsKey() throws Exception {
    assertThat(one("3")).contains("\"name\":\"Cleo\"");
    assertThat(one("99")).isNull();
  }

  @Test
  void modelThatThereIsNotIsNotFoundAndNoneIsExpected() throws Exception {
    assertThat(store().find("nobody", Asker.ANYBODY)).isEmpty();
    assertThat(store().expects("nobody")).isFalse();
    assertThat(store().all(Asker.ANYBODY)).extracting(Model::name).containsExactly("people");
    assertThat(model().columns().keySet()).containsExactly("id", "name", "age", "member");
    assertThat(model().key()).containsExactly("id");
  }

  @Test
  void everyAnswerHasAPosition() throws Exception {
    assertThat(rows("", Representation.JSON, Count.NONE).position()).isPresent();
  }

  private Model model() throws StoreFailed {
    return store().find("people", Asker.ANYBODY).orElseThrow();
  }

  private List<Integer> ids(String query) throws Exception {
    return ids(rows(query, Representation.JSON, Count.NONE));
  }

  private static List<Integer> ids(Answer.Rows rows) {
    List<Integer> ids = new ArrayList<>();
    JSON.readTree(text(rows)).forEach(row -> ids.add(row.get("id").asInt()));
    return ids;
  }

  private JsonNode json(String query) throws Exception {
    return JSON.readTree(text(rows(query, Representation.JSON, Count.NONE)));
  }

  private static String text(Answer.Rows rows) {
    return new String(((Answer.Body.Whole) rows.body()).bytes(), StandardCharsets.UTF_8);
  }

  private Answer.Rows rows(String query, Representation form, Count count) throws Exception {
    return (Answer.Rows) store().rows(question(query, form, count));
  }

  private @Nullable String one(String id) throws Exception {
    Model model = model();
    QueryGrammar.Reading reading =
        QueryGrammar.readOne(
            model, List.of(id), UriComponentsBuilder.newInstance().build().getQueryParams());
    byte[] body =
        ((Answer.Row)
                store()
                    .row(
                        new Question(
                            model,
                            ((QueryGrammar.Reading.Read) reading).query(),
                            Representation.JSON,
                            Count.NONE,
                            Asker.ANYBODY,
                            Deadline.in(Duration.ofSeconds(10)))))
            .body();
    return body == null ? null : new String(body, StandardCharsets.UTF_8);
  }

  private Question question(String query, Representation form, Count count) throws StoreFailed {
    Model model = model();
    return switch (QueryGrammar.read(
        model, UriComponentsBuilder.newInstance().query(query).build().getQueryParams())) {
      case QueryGrammar.Reading.Read read ->
          new Question(
              model, read.query(), form, count, Asker.ANYBODY, Deadline.in(Duration.ofSeconds(10)));
      case QueryGrammar.Reading.Rejected(Refused refused) ->
          throw new IllegalArgumentException(refused.problem().detail());
    };
  }

  private String cursor(String order, @Nullable List<Optional<String>> values) throws Exception {
    assertThat(values).isNotNull();
    Question question = question(order, Representation.JSON, Count.NONE);
    return Cursor.of(question.model(), question.query(), values == null ? List.of() : values);
  }
}
