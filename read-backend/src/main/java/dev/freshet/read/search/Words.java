package dev.freshet.read.search;

import dev.freshet.postgres.TextSearch;
import dev.freshet.read.query.Condition;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.RowDocument;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Full-text search as OpenSearch's queries: which rows match, and how well, is OpenSearch's own.
 */
final class Words {

  /** A phrase, or a word, each of which may be unwanted. */
  private static final Pattern PART = Pattern.compile("(-?)(?:\"([^\"]*)\"?|([^\\s\"]+))");

  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

  private Words() {}

  /** The field of the texts that are searched. */
  static String field(ModelIndex index, Condition.Contains contains) {
    TextSearch search = index.search();
    String column = contains.field().column();
    if (search == null || !contains.field().path().isEmpty()) {
      throw new Elsewhere("full-text search in '%s'".formatted(column));
    }
    if (contains.language() != null && !contains.language().equals(search.language())) {
      throw new Elsewhere("searches by the rules of '%s'".formatted(contains.language()));
    }
    if (column.equals(TextSearch.FIELD) && !index.columns().containsKey(column)) {
      return RowDocument.TEXTS + "." + RowDocument.ALL;
    }
    int place = search.text().indexOf(column);
    if (place < 0) {
      throw new Elsewhere("full-text search in '%s'".formatted(column));
    }
    return RowDocument.TEXTS + "." + RowDocument.field(place);
  }

  /** The query for the words. */
  static String query(String field, Condition.Contains contains) {
    String words = contains.words();
    return switch (contains.kind()) {
      case PLFTS -> all(field, words);
      case PHFTS -> phrase(field, words);
      case WFTS -> web(field, words);
      case FTS -> {
        if (!WORD.matcher(words.strip()).matches()) {
          throw new Elsewhere("'fts' with operators: take 'wfts', or another copy");
        }
        yield all(field, words.strip());
      }
    };
  }

  private static String all(String field, String words) {
    return "{\"match\":{\"%s\":{\"query\":%s,\"operator\":\"and\",\"zero_terms_query\":\"none\"}}}"
        .formatted(field, Json.string(words));
  }

  private static String phrase(String field, String words) {
    return "{\"match_phrase\":{\"%s\":{\"query\":%s,\"zero_terms_query\":\"none\"}}}"
        .formatted(field, Json.string(words));
  }

  /** As people write to search engines: words, "phrases", or, and -what they don't want. */
  private static String web(String field, String words) {
    List<String> alternatives = new ArrayList<>();
    List<String> wanted = new ArrayList<>();
    List<String> unwanted = new ArrayList<>();
    Matcher parts = PART.matcher(words);
    while (parts.find()) {
      boolean isUnwanted = !parts.group(1).isEmpty();
      String phrase = parts.group(2);
      String word = parts.group(3);
      if (word != null && !isUnwanted && word.equalsIgnoreCase("or")) {
        addAlternative(alternatives, wanted, unwanted);
        wanted = new ArrayList<>();
        unwanted = new ArrayList<>();
      } else {
        String query = phrase != null ? phrase(field, phrase) : all(field, String.valueOf(word));
        (isUnwanted ? unwanted : wanted).add(query);
      }
    }
    addAlternative(alternatives, wanted, unwanted);
    return alternatives.isEmpty()
        ? "{\"match_none\":{}}"
        : "{\"bool\":{\"should\":[%s],\"minimum_should_match\":1}}"
            .formatted(String.join(",", alternatives));
  }

  private static void addAlternative(
      List<String> alternatives, List<String> wanted, List<String> unwanted) {
    if (!wanted.isEmpty() || !unwanted.isEmpty()) {
      alternatives.add(
          "{\"bool\":{\"must\":[%s],\"must_not\":[%s]}}"
              .formatted(String.join(",", wanted), String.join(",", unwanted)));
    }
  }
}
