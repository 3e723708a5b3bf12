"""Turns textbook instances into a file of problems for `restock policy`, and its answers into a table for a referee.

Usage: policy_cases.py textbook --instances stockpyl_instances.json --optima known_optima.json --out CASES.json
       policy_cases.py lost-sales --out CASES.json [--policy projected_level|capped_base_stock|base_stock|learned] [--seed N]
       policy_cases.py table --results RESULTS.json --out TABLE.csv

textbook    of known_optima.json the names are read, never the optima; the data come from the instances.
lost-sales  the 24 cases of the test bed (Poisson and geometric demand of mean 5, lead times 1 to 4).
table       RESULTS of lost-sales as the rows demand,L,p,policy,level,cap,state.
Stdlib only; the instances are no part of the project.
"""
import argparse
import json


def costs(data, **more):
    return {"holding_cost": data["holding_cost"], "shortage_cost": data["stockout_cost"], **more}


def normal(data):
    return {"kind": "normal", "mean": data["demand_mean"], "sd": data["demand_sd"]}


def poisson(data):
    return {"kind": "poisson", "mean": data["demand_mean"]}


def newsvendor(name, data, kind):
    if "revenue" in data:
        return {"solve": "newsvendor", "demand": normal(data), "holding_cost": data["purchase_cost"] - data["salvage_value"],
                "shortage_cost": data["revenue"] - data["purchase_cost"], "margin": data["revenue"] - data["purchase_cost"]}
    if kind == "newsvendor_discrete":
        low, high = min(map(int, data["demand_pmf"])), max(map(int, data["demand_pmf"]))
        law = {"kind": "discrete", "first": low, "chances": [data["demand_pmf"].get(str(k), 0) for k in range(low, high + 1)]}
    elif kind == "newsvendor_lognormal":
        law = {"kind": "lognormal", "mu": data["mu"], "sigma": data["sigma"]}
    else:
        law = normal(data) if kind == "newsvendor_normal" else poisson(data)
    return costs(data, solve="newsvendor", demand=law, lead_time=data.get("lead_time", 0))


def order_up(data, demand=poisson, **more):
    return costs(data, **{"solve": "s_s", "demand": demand(data), "order_cost": data["fixed_cost"], **more})


def reorder(data, demand, **more):
    return costs(data, solve="r_q", demand=demand(data), order_cost=data["fixed_cost"], lead_time=data["lead_time"], **more)


def lot(data, **more):
    return {"solve": "lot", "demand_rate": data["demand_rate"], "order_cost": data["fixed_cost"], "holding_cost": data["holding_cost"], **more}


def discounts(data, incremental):
    return {"solve": "lot_discounts", "demand_rate": data["demand_rate"], "order_cost": data["fixed_cost"], "incremental": incremental,
            **{key: data[key] for key in ("holding_cost_rate", "breakpoints", "unit_costs")}}


def lots(data):
    def each(value):
        return value if isinstance(value, list) else [value] * data["num_periods"]
    problem = {"solve": "wagner_whitin", "order_cost": data["fixed_cost"], "holding_cost": data["holding_cost"], "demand": each(data["demand"])}
    if "purchase_cost" in data:
        problem["purchase_cost"] = each(data["purchase_cost"])
    return problem


def nodes_of(data):
    return {node["_index"]: node for node in data["_nodes"]}


def serial(name, data):
    nodes = nodes_of(data)
    order = sorted(nodes)
    source = nodes[order[0]]["demand_source"]
    whole = source["type"] == "P" or name.endswith("_poisson")
    law = {"kind": "poisson", "mean": source["mean"]} if whole else {"kind": "normal", "mean": source["mean"], "sd": source["standard_deviation"]}
    return {"solve": "serial", "demand": law, "shortage_cost": nodes[order[0]]["stockout_cost"],
            "echelon_holding_costs": [nodes[i]["echelon_holding_cost"] for i in order],
            "lead_times": [nodes[i]["shipment_lead_time"] or 0 for i in order]}


def placement(data):
    nodes = nodes_of(data)
    order = sorted(nodes)
    place = {index: at for at, index in enumerate(order)}
    sinks = {i for i in order if not nodes[i]["_successor_indices"]}
    return {"solve": "placement", "holding_costs": [nodes[i]["local_holding_cost"] for i in order],
            "demand_sds": [nodes[i]["demand_source"]["standard_deviation"] or 0 for i in order],
            "demand_bounds": [nodes[i]["demand_bound_constant"] or 0 for i in order],
            "times": [nodes[i]["processing_time"] or 0 for i in order],
            "inbound": [nodes[i]["external_inbound_cst"] or 0 for i in order],
            "outbound": [(nodes[i]["external_outbound_cst"] or 0) if i in sinks or nodes[i]["external_outbound_cst"] is not None else -1 for i in order],
            "edges": [end for i in order for j in nodes[i]["_successor_indices"] for end in (place[i], place[j])]}


def problem(kind, name, data, given):
    if kind.startswith("newsvendor"):
        return newsvendor(name, data, kind)
    makers = {"sS_exact": lambda: order_up(data), "rQ_exact_poisson": lambda: reorder(data, poisson),
              "sS_power_approximation": lambda: order_up(data, normal, solve="s_s_power"),
              "sS_cost_of_given": lambda: order_up(data, s=given["s"], S=given["S"]),
              "rQ_cost_of_given_normal": lambda: reorder(data, normal, r=given["r"], Q=given["Q"]),
              "rQ_loss_function_approx": lambda: reorder(data, normal), "eoq": lambda: lot(data),
              "eoq_all_units_discount": lambda: discounts(data, False), "eoq_incremental_discount": lambda: discounts(data, True),
              "eoq_backorders": lambda: lot(data, shortage_cost=data["stockout_cost"]), "wagner_whitin": lambda: lots(data),
              "serial_ssm_echelon_base_stock": lambda: serial(name, data), "serial_gsm": lambda: placement(data), "tree_gsm": lambda: placement(data)}
    return makers[kind]()


def disruption(name, data):
    if name.startswith("eoq"):
        return lot(data, shortage_cost=data["stockout_cost"], disruption_rate=data["disruption_rate"], recovery_rate=data["recovery_rate"])
    return costs(data, solve="newsvendor_disrupted", demand=data["demand"], disruption_chance=data["disruption_prob"], recovery_chance=data["recovery_prob"])


def textbook(args):
    optima = json.load(open(args.optima, encoding="utf-8"))
    data = {entry["name"]: entry["data"] for entry in json.load(open(args.instances, encoding="utf-8"))["instances"]}
    cases = {}
    for kind, group in optima.items():
        if kind == "sS_zheng_federgruen_1991":
            cases[kind] = {"instances": [{"solve": "s_s", "as": {"mu": entry["mu"]}, "demand": {"kind": "poisson", "mean": entry["mu"]},
                                          "order_cost": group["K"], "holding_cost": group["h"], "shortage_cost": group["p"]}
                                         for entry in group["instances"]]}
            cases[kind].update({key: group[key] for key in ("h", "p", "K", "lead_time")})
        elif isinstance(group, dict):
            cases[kind] = {}
            for name, entry in group.items():
                if name == "note":
                    continue
                where = name.removeprefix("eoq_").removeprefix("newsvendor_") if kind == "disruptions" else name.removesuffix("_poisson")
                if kind == "disruptions":
                    cases[kind][name] = disruption(name, data[where])
                elif isinstance(entry, list):
                    cases[kind][name] = [problem(kind, name, data[where], given) for given in entry]
                else:
                    cases[kind][name] = problem(kind, name, data[where], None)
    return cases


def lost_sales(args):
    more = {"seed": args.seed} if args.policy == "learned" else {}

    def group(kind, leads):
        return [{**more, "solve": "lost_sales", "as": {"L": lead, "p": p}, "demand": {"kind": kind, "mean": 5}, "lead_time": lead, "holding_cost": 1,
                 "shortage_cost": p, "policy": args.policy} for lead in leads for p in (4, 9, 19, 39)]
    return {"poisson": group("poisson", (1, 2, 3, 4)), "geometric": group("geometric", (1, 2))}


def table(args):
    rows = ["demand,L,p,policy,level,cap,state"]
    for kind, cases in json.load(open(args.results, encoding="utf-8")).items():
        for case in cases:
            head = f"{kind},{case['L']},{case['p']}"
            if "orders" in case:
                rows += [f"{head},table,{row[-1]},,{' '.join(map(str, row[:-1]))}" for row in case["orders"]]
            else:
                rows.append(f"{head},{case['policy']},{case['level']},{case.get('cap', '')},")
    return "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("textbook", "lost-sales", "table"))
    for name in ("--instances", "--optima", "--results"):
        parser.add_argument(name)
    parser.add_argument("--policy", default="projected_level")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    made = {"textbook": textbook, "lost-sales": lost_sales, "table": table}[args.mode](args)
    with open(args.out, "w", encoding="utf-8") as file:
        file.write(made if isinstance(made, str) else json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
