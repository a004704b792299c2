// The Candid interfaces of what the round trip calls, as the agent wants them.

/** The part of the management canister that is used here. */
export const management = ({ IDL }) => {
  const settings = IDL.Record({ controllers: IDL.Opt(IDL.Vec(IDL.Principal)) });
  const target = IDL.Record({ canister_id: IDL.Principal });
  const upgrade = IDL.Record({
    skip_pre_upgrade: IDL.Opt(IDL.Bool),
    wasm_memory_persistence: IDL.Opt(IDL.Variant({ keep: IDL.Null, replace: IDL.Null })),
  });
  return IDL.Service({
    provisional_create_canister_with_cycles: IDL.Func(
      [IDL.Record({ amount: IDL.Opt(IDL.Nat), settings: IDL.Opt(settings) })],
      [target],
      [],
    ),
    install_code: IDL.Func(
      [
        IDL.Record({
          mode: IDL.Variant({ install: IDL.Null, reinstall: IDL.Null, upgrade: IDL.Opt(upgrade) }),
          canister_id: IDL.Principal,
          wasm_module: IDL.Vec(IDL.Nat8),
          arg: IDL.Vec(IDL.Nat8),
        }),
      ],
      [],
      [],
    ),
    update_settings: IDL.Func([IDL.Record({ canister_id: IDL.Principal, settings })], [], []),
    canister_status: IDL.Func(
      [target],
      [
        IDL.Record({
          status: IDL.Variant({ running: IDL.Null, stopping: IDL.Null, stopped: IDL.Null }),
          module_hash: IDL.Opt(IDL.Vec(IDL.Nat8)),
          settings: IDL.Record({ controllers: IDL.Vec(IDL.Principal) }),
          cycles: IDL.Nat,
        }),
      ],
      [],
    ),
    stop_canister: IDL.Func([target], [], []),
    start_canister: IDL.Func([target], [], []),
    delete_canister: IDL.Func([target], [], []),
  });
};

/** `canisters/rust/greeter.did` */
export const greeter = ({ IDL }) => {
  const blob = IDL.Vec(IDL.Nat8);
  const rejected = IDL.Record({ code: IDL.Nat32, message: IDL.Text });
  return IDL.Service({
    greet: IDL.Func([IDL.Text], [IDL.Text], ['query']),
    set_greeting: IDL.Func([IDL.Text], [], []),
    whoami: IDL.Func([], [IDL.Principal], ['query']),
    increment: IDL.Func([], [IDL.Nat64], []),
    count: IDL.Func([], [IDL.Nat64], ['query']),
    count_certified: IDL.Func([], [IDL.Nat64, IDL.Opt(blob)], ['query']),
    trap: IDL.Func([IDL.Text], [], []),
    refuse: IDL.Func([IDL.Text], [], []),
    increment_by_calls: IDL.Func([], [IDL.Nat64], []),
    forward: IDL.Func([IDL.Principal, IDL.Text, blob], [IDL.Variant({ Ok: blob, Err: rejected })], []),
    random: IDL.Func([], [blob], []),
    tick_after: IDL.Func([IDL.Nat64], [], []),
    ticks: IDL.Func([], [IDL.Nat64], ['query']),
    no_such_method: IDL.Func([], [], ['query']),
  });
};

/** `canisters/motoko/v2.did`, of which version 1 has all but `leave`. */
export const guestBook = ({ IDL }) =>
  IDL.Service({
    version: IDL.Func([], [IDL.Nat], ['query']),
    increment: IDL.Func([], [IDL.Nat], []),
    incrementByCalls: IDL.Func([], [IDL.Nat], []),
    read: IDL.Func([], [IDL.Nat], ['query']),
    visit: IDL.Func([IDL.Text], [IDL.Nat], []),
    visitsOf: IDL.Func([IDL.Text], [IDL.Opt(IDL.Nat)], ['query']),
    leave: IDL.Func([IDL.Text], [IDL.Nat], []),
    trap: IDL.Func([], [], []),
    refuse: IDL.Func([], [], []),
    doubleBy: IDL.Func(
      [IDL.Service({ double: IDL.Func([IDL.Nat64], [IDL.Nat64], []) }), IDL.Nat64],
      [IDL.Opt(IDL.Nat64)],
      [],
    ),
  });
