package dev.freshet.read.search;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Refused;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.Seek;
import dev.freshet.read.query.Selected;
import dev.freshet.read.store.Answer;
import dev.freshet.read.store.Asker;
import dev.freshet.read.store.Count;
import dev.freshet.read.store.ModelStore;
import dev.freshet.read.store.Question;
import dev.freshet.read.store.StoreFailed;
import dev.freshet.search.Batch;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.RowDocument;
import dev.freshet.search.RowText;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Models in a search store.
 *
 * <p>Rows and the batch that they are of come in one request, whose parts are done one after the
 * other: batch, rows, batch. Where both are the same and whole, so are the rows between them; where
 * the follower was at work meanwhile, the request is made again.
 */
public final class SearchStore implements ModelStore {

  /** OpenSearch's own limit, {@code index.max_result_window}. */
  private static final int MOST_ROWS_FROM_THE_BEGINNING = 10_000;

  /** How often a batch may come between; each takes longer than a request. */
  private static final int MOST_ATTEMPTS = 5;

  private static final String BATCH_QUERY =
      "{\"query\":{\"ids\":{\"values\":[\"%s\"]}},\"track_total_hits\":false,\"size\":1}"
          .formatted(StoreNames.PLACE);

  private static final JsonMapper JSON = JsonMapper.shared();

  private final SearchClient client;
  private final SearchPositions positions;
  private final IndexCatalogue catalogue;
  private final int rowCap;

  /** Asks a store. */
  public SearchStore(
      SearchClient client, SearchPositions positions, IndexCatalogue catalogue, int rowCap) {
    this.client = client;
    this.positions = positions;
    this.catalogue = catalogue;
    this.rowCap = rowCap;
  }

  private interface Call<T> {
    T run() throws SearchFailed;
  }

  private static <T> T failing(Call<T> call) throws StoreFailed {
    try {
      return call.run();
    } catch (SearchFailed e) {
      throw new StoreFailed(
          Refused.of(
              ProblemCode.DATABASE_UNAVAILABLE, "The search store can't be asked now; try again."),
          e.isMissing(),
          e);
    } catch (Elsewhere e) {
      throw e.refusal();
    }
  }

  @Override
  public Optional<Model> find(String name, Asker asker) throws StoreFailed {
    return failing(
        () -> {
          requireAnybody(asker);
          return catalogue.find(name).map(found -> model(found.model()));
        });
  }

  @Override
  public Collection<Model> all(Asker asker) throws StoreFailed {
    return failing(
        () -> {
          requireAnybody(asker);
          return catalogue.all().stream().map(found -> model(found.model())).toList();
        });
  }

  /** Who sees what is PostgreSQL's to say. */
  private static void requireAnybody(Asker asker) {
    if (asker.role() != null) {
      throw new Elsewhere("roles");
    }
  }

  private static Model model(ModelIndex index) {
    return new Model(
        index.model(),
        index.columns(),
        index.key(),
        index.neverNull(),
        index.version(),
        true, // whether it may be asked for sums is another copy's to say
        false,
        index.search() == null ? null : new Model.Searched(index.search(), false));
  }

  /** What is not here may be at another copy. */
  @Override
  public boolean expects(String name) {
    return true;
  }

  @Override
  public void forget() {
    catalogue.forget();
  }

  /** It is told in UTC alone, which {@link #rows} says. */
  @Override
  public boolean hasTimeZone(String name) {
    return true;
  }

  @Override
  public Answer row(Question question) throws StoreFailed {
    return failing(
        () -> {
          IndexCatalogue.Indexed indexed = require(question);
          ModelIndex index = indexed.model();
          Found found = ask(question, indexed, 1, 0);
          if (found == null) {
            return new Answer.NotNow();
          }
          if (found.rows().isEmpty()) {
            return new Answer.Row(Optional.of(found.position()), null, null);
          }
          String row = found.rows().getFirst();
          String version =
              index.version() == null ? null : text(index, row, index.version()).orElse(null);
          return new Answer.Row(
              Optional.of(found.position()), bytes(selected(question, row)), version);
        });
  }

  @Override
  public Answer rows(Question question) throws StoreFailed {
    return failing(
        () -> {
          IndexCatalogue.Indexed index = require(question);
          Long asked = question.query().limit();
          long limit = asked == null ? rowCap : Math.min(asked, rowCap);
          long offset = question.query().offset();
          if (offset + limit + 1 > MOST_ROWS_FROM_THE_BEGINNING) {
            throw new Elsewhere(
                "pages that end behind the row %d; follow the Link of an answer, or ask"
                    .formatted(MOST_ROWS_FROM_THE_BEGINNING));
          }
          Found found = ask(question, index, limit + 1, offset);
          return found == null
              ? new Answer.NotNow()
              : answer(question, index.model(), found, limit);
        });
  }

  private static Answer answer(Question question, ModelIndex index, Found found, long limit) {
    ModelQuery query = question.query();
    Seek seek = query.seek();
    boolean isBackwards = seek != null && seek.isBackwards();
    boolean hasMore = found.rows().size() > limit;
    List<String> hits = hasMore ? found.rows().subList(0, (int) limit) : found.rows();
    boolean isRanked = isRanked(question);
    boolean hasNext = hasMore && limit > 0;
    List<Optional<String>> near =
        seek == null || hits.isEmpty() ? null : sortValues(question, index, hits.getFirst());
    List<Optional<String>> far =
        hasNext && !isRanked ? sortValues(question, index, hits.getLast()) : null;
    List<String> rows = new ArrayList<>();
    hits.forEach(row -> rows.add(selected(question, row)));
    List<String> inOrder = isBackwards ? rows.reversed() : rows;
    boolean isSingular = question.form().isSingular();
    String body =
        isSingular
            ? inOrder.size() == 1 ? inOrder.getFirst() : ""
            : inOrder.stream().collect(Collectors.joining(", ", "[", "]"));
    Long total = found.total();
    boolean isUncut = !hasMore && seek == null && (!hits.isEmpty() || query.offset() == 0);
    if (question.count() == Count.NONE) {
      total = isUncut ? Long.valueOf(query.offset() + hits.size()) : null;
    }
    boolean hasPages = !index.key().isEmpty() && !isSingular;
    Answer.Page page = Answer.Page.ONLY;
    if (hasPages && isRanked) {
      // Ranks change with other rows: no value says where a page begins.
      page = new Answer.Page(null, null, hasNext ? Long.valueOf(query.offset() + limit) : null);
    } else if (hasPages) {
      page = isBackwards ? new Answer.Page(far, near) : new Answer.Page(near, far);
    }
    return new Answer.Rows(
        Optional.of(found.position()),
        new Answer.Body.Whole(bytes(body)),
        hits.size(),
        total,
        page);
  }

  private static boolean isRanked(Question question) {
    return question.query().order().stream()
        .anyMatch(member -> RowsRequest.isRank(question.model(), member.field()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** What is to be answered otherwise than from PostgreSQL's own JSON is answered by it. */
  private IndexCatalogue.Indexed require(Question question) throws SearchFailed {
    requireAnybody(question.asker());
    if (question.asker().timeZone() != null) {
      throw new Elsewhere("times in other zones");
    }
    if (question.form() != Representation.JSON && question.form() != Representation.OBJECT) {
      throw new Elsewhere("rows as " + question.form().mediaType());
    }
    if (question.count() == Count.PLANNED || question.count() == Count.ESTIMATED) {
      throw new Elsewhere("guesses of how many rows there are");
    }
    if (question.query().isGrouped()) {
      throw new Elsewhere("groups of rows");
    }
    if (!question.query().selected().stream().allMatch(SearchStore::isWholeColumn)) {
      throw new Elsewhere("values that are made of others");
    }
    return catalogue
        .find(question.model().name())
        .orElseThrow(() -> new SearchFailed(404, "", "The model is gone from the store", null));
  }

  private static boolean isWholeColumn(Selected selected) {
    return selected instanceof Selected.Value value
        && value.field().path().isEmpty()
        && value.cast() == null;
  }

  /** The values that are wanted of a row, cut out of its JSON. */
  private static String selected(Question question, String row) {
    List<Selected> all = question.query().selected();
    if (all.isEmpty()) {
      return row;
    }
    Map<String, String> members = Json.members(row);
    return all.stream()
        .map(
            selected ->
                Json.string(selected.name())
                    + ":"
                    + members.get(((Selected.Value) selected).field().column()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  /** A value as PostgreSQL casts it to text: of a boolean that is another one than it prints. */
  private static Optional<String> text(ModelIndex index, String row, String column) {
    String type = String.valueOf(index.columns().get(column));
    return type.equals("boolean")
        ? Optional.ofNullable(Json.members(row).get(column)).filter(value -> !value.equals("null"))
        : Optional.ofNullable(RowText.values(List.of(column), List.of(type), row).getFirst());
  }

  private static List<Optional<String>> sortValues(
      Question question, ModelIndex index, String row) {
    List<Optional<String>> values = new ArrayList<>();
    for (ModelQuery.Order member : question.query().order()) {
      values.add(text(index, row, member.field().column()));
    }
    return values;
  }

  /**
   * What was found, all at one place.
   *
   * @param total how many rows the filters let through; null where that was not asked
   */
  private record Found(Position position, List<String> rows, @Nullable Long total) {}

  /** Null where the rows are not those of one place. */
  private @Nullable Found ask(
      Question question, IndexCatalogue.Indexed indexed, long limit, long offset)
      throws SearchFailed {
    ModelIndex index = indexed.model();
    Filters filters = new Filters(index);
    String rows = RowsRequest.of(question, filters, limit, offset);
    String unfit =
        filters.used().isEmpty()
            ? ""
            : "{\"query\":{\"terms\":{\"%s\":[%s]}},\"size\":0,\"terminate_after\":1,\"track_total_hits\":1}"
                .formatted(
                    RowDocument.UNFIT,
                    filters.used().stream().map(Json::string).collect(Collectors.joining(",")));
    String head =
        "{\"index\":%s,\"preference\":\"_primary\"}"
            .formatted(Json.string(StoreNames.alias(index.model())));
    StringBuilder lines = new StringBuilder();
    for (String query : List.of(BATCH_QUERY, rows, unfit, BATCH_QUERY)) {
      if (!query.isEmpty()) {
        lines.append(head).append('\n').append(query).append('\n');
      }
    }
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      Position before = positions.polled();
      if (before == null) {
        return null;
      }
      List<String> answers =
          Json.elements(
              String.valueOf(
                  Json.members(
                          client.textOfLines(
                              "/_msearch?max_concurrent_searches=1", lines.toString()))
                      .get("responses")));
      Batch first = batch(answers.getFirst(), indexed.name());
      Batch last = batch(answers.getLast(), indexed.name());
      if (first.equals(last) && first.isWhole()) {
        if (!unfit.isEmpty() && total(answers.get(2)) > 0) {
          throw new Elsewhere("comparisons with values that no index can hold");
        }
        return found(question, before.max(last.applied()), answers.get(1));
      }
    }
    return null;
  }

  /** The batch, where the alias still leads to the index whose fields are known. */
  private static Batch batch(String answer, String index) throws SearchFailed {
    JsonNode parsed = JSON.readTree(answer);
    refuseError(parsed);
    JsonNode hits = parsed.path("hits").path("hits");
    if (hits.isEmpty()) {
      throw new SearchFailed(404, "", "The index tells no batch", null);
    }
    if (!hits.path(0).path("_index").asString("").equals(index)) {
      throw new SearchFailed(404, "", "Another index has taken its place", null);
    }
    return Batch.of(hits.path(0).path("_source"));
  }

  private static void refuseError(JsonNode answer) throws SearchFailed {
    JsonNode error = answer.path("error");
    if (!error.isMissingNode()) {
      throw new SearchFailed(
          answer.path("status").asInt(0),
          error.path("type").asString(""),
          error.path("reason").asString(""),
          null);
    }
  }

  private static long total(String answer) throws SearchFailed {
    JsonNode parsed = JSON.readTree(answer);
    refuseError(parsed);
    return parsed.path("hits").path("total").path("value").asLong(0);
  }

  private static Found found(Question question, Position position, String answer)
      throws SearchFailed {
    Map<String, String> members = Json.members(answer);
    if (members.containsKey("error")) {
      refuseError(JSON.readTree(answer));
    }
    Map<String, String> hits = Json.members(String.valueOf(members.get("hits")));
    List<String> rows = new ArrayList<>();
    for (String hit : Json.elements(String.valueOf(hits.get("hits")))) {
      Map<String, String> of = Json.members(hit);
      rows.add(RowDocument.row(Json.members(String.valueOf(of.get("_source")))));
    }
    Long total =
        question.count() == Count.EXACT
            ? Long.valueOf(
                Json.members(String.valueOf(hits.get("total"))).getOrDefault("value", "0"))
            : null;
    return new Found(position, rows, total);
  }
}
