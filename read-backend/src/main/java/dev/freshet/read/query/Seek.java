package dev.freshet.read.query;

import java.util.List;
import java.util.Optional;

/**
 * A place between two rows, by what the query is sorted by: stays where it is whatever rows come
 * and go.
 *
 * @param isBackwards whether the rows before it are wanted, and not those after it
 * @param values one for each member of the order, in PostgreSQL's text form; empty for null
 */
public record Seek(boolean isBackwards, List<Optional<String>> values) {
  public Seek {
    values = List.copyOf(values);
  }
}
