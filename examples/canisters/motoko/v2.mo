import Error "mo:core/Error";
import Map "mo:core/Map";
import Runtime "mo:core/Runtime";
import Text "mo:core/Text";

/// The guest book, next version: what version 1 kept is still there, and one can leave.
persistent actor GuestBook {
  var count : Nat = 0;
  let visits = Map.empty<Text, Nat>();
  var departures : Nat = 0;

  public query func version() : async Nat { 2 };

  public shared query ({ caller }) func whoami() : async Principal { caller };

  public func increment() : async Nat {
    count += 1;
    count;
  };

  public query func read() : async Nat { count };

  /// Writes the name into the book; answers how often it is there.
  public func visit(name : Text) : async Nat {
    let times = switch (Map.get(visits, Text.compare, name)) {
      case (?before) { before + 1 };
      case null { 1 };
    };
    Map.add(visits, Text.compare, name, times);
    times;
  };

  public query func visitsOf(name : Text) : async ?Nat {
    Map.get(visits, Text.compare, name);
  };

  /// Strikes the name from the book; answers how many have left.
  public func leave(name : Text) : async Nat {
    if (Map.delete(visits, Text.compare, name)) { departures += 1 };
    departures;
  };

  /// Counts, then traps: the count stays as it was.
  public func trap() : async () {
    count += 1;
    Runtime.trap("guest book: trapped on request");
  };

  /// Counts, then rejects: the count has changed.
  public func refuse() : async () {
    count += 1;
    throw Error.reject("guest book: refused on request");
  };

  /// Counts twice, each time by a call to itself.
  public func incrementByCalls() : async Nat {
    ignore await GuestBook.increment();
    await GuestBook.increment();
  };

  /// Doubles a number by the canister of `calls/callee.wat`; answers null if that one rejects.
  public func doubleBy(callee : actor { double : Nat64 -> async Nat64 }, number : Nat64) : async ?Nat64 {
    try { ?(await callee.double(number)) } catch _ { null };
  };
};
