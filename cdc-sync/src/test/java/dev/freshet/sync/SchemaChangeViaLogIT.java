package dev.freshet.sync;

/** The same with a log on a broker between, which says what the tables become. */
class SchemaChangeViaLogIT extends SchemaChangeIT {

  @Override
  boolean viaLog() {
    return true;
  }
}
