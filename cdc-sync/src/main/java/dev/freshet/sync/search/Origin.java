package dev.freshet.sync.search;

/**
 * Where a store's rows come from.
 *
 * @param systemIdentifier PostgreSQL's name of the system
 * @param readDatabase which read database is followed, for people
 * @param writer names the read database's server and database, and the store's name there: two
 *     followers that have it in common never write at a time
 */
public record Origin(String systemIdentifier, String readDatabase, String writer) {}
