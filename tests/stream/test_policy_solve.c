#include "stream/policy_solve.h"

#include "config/base/arena.h"
#include "schemas/json.h"

#include <criterion/criterion.h>
#include <string.h>

/* The answer, or "! fault". */
static void solve(const char *text, struct buf *out)
{
    struct arena *arena = arena_create(1 << 14, 1 << 20);
    struct datum *problem;
    struct decode_error error;
    cr_assert(json_decode(arena, slice_of(text), &problem, &error), "%s: %s", text, error.reason);
    struct policy_ask ask = {.problem = problem};
    buf_reset(out);
    policy_solve(&ask, out);
    if (policy_ask_fault(&ask)) {
        buf_reset(out);
        buf_print(out, "! %s", ask.fault);
    }
    buf_byte(out, '\0');
    arena_destroy(arena);
}

static void expect(const char *text, const char *answer)
{
    struct buf out = {0};
    solve(text, &out);
    cr_assert(strncmp(out.data, answer, strlen(answer)) == 0, "%s: %s, expected %s", text, out.data,
              answer);
    buf_fini(&out);
}

#define COSTS "\"holding_cost\":1,\"shortage_cost\":9"
#define POISSON(mean) "\"demand\":{\"kind\":\"poisson\",\"mean\":" #mean "}"

Test(policy_solve, every_problem_has_an_answer)
{
    expect("{\"solve\":\"newsvendor\"," POISSON(5) "," COSTS "}", "\"S\":8,\"cost\":4.");
    expect("{\"solve\":\"newsvendor\",\"demand\":{\"kind\":\"normal\",\"mean\":50,\"sd\":8},"
           "\"holding_cost\":0.18,\"shortage_cost\":0.7,\"margin\":0.7}",
           "\"S\":56.6039559");
    expect("{\"solve\":\"newsvendor_disrupted\",\"demand\":2000,\"holding_cost\":0.25,"
           "\"shortage_cost\":3,\"disruption_chance\":0.04,\"recovery_chance\":0.25}",
           "\"S\":8000,\"cost\":2737.068965");
    expect("{\"solve\":\"s_s\"," POISSON(20) ",\"order_cost\":64," COSTS "}",
           "\"s\":14,\"S\":62,\"cost\":49.17");
    expect("{\"solve\":\"s_s\"," POISSON(20) ",\"order_cost\":64,\"s\":14,\"S\":62," COSTS "}",
           "\"s\":14,\"S\":62,\"cost\":49.17");
    expect("{\"solve\":\"s_s_power\",\"demand\":{\"kind\":\"normal\",\"mean\":50,\"sd\":8},"
           "\"order_cost\":2.5,\"holding_cost\":0.18,\"shortage_cost\":0.7}",
           "\"s\":40.19461695");
    expect("{\"solve\":\"r_q\"," POISSON(1.5) ",\"lead_time\":2,\"order_cost\":100,"
                                              "\"holding_cost\":20,\"shortage_cost\":150}",
           "\"r\":3,\"Q\":5,\"cost\":107.92358");
    expect("{\"solve\":\"lot_discounts\",\"demand_rate\":1300,\"order_cost\":8,"
           "\"holding_cost_rate\":0.3,\"breakpoints\":[0,400,800],\"unit_costs\":[0.75,0.72,0.68]}",
           "\"Q\":800,\"region\":2,\"cost\":978.6");
    expect("{\"solve\":\"wagner_whitin\",\"order_cost\":500,\"holding_cost\":2,"
           "\"demand\":[90,120,80,70]}",
           "\"Q\":[210,0,150,0],\"cost\":1380");
    expect("{\"solve\":\"joint\",\"order_cost\":40,\"item_costs\":[15,15,15,15],"
           "\"demand_rates\":[86000,12500,1400,3000],\"holding_costs\":[0.24,0.24,0.24,0.24]}",
           "\"cycle\":");
    expect("{\"solve\":\"serial\"," POISSON(16) ",\"shortage_cost\":9,"
                                                "\"echelon_holding_costs\":[0.25,0.25,0.25,0.25],"
                                                "\"lead_times\":[0.25,0.25,0.25,0.25]}",
           "\"S\":[8,13,18,22],\"low\":[");
    expect("{\"solve\":\"placement\",\"holding_costs\":[7,4,2],\"demand_sds\":[1,0,0],"
           "\"demand_bounds\":[1,1,1],\"times\":[1,0,1],\"inbound\":[0,0,1],"
           "\"outbound\":[1,-1,-1],\"edges\":[1,0,2,1]}",
           "\"cst\":[1,0,0],\"cost\":2.828427124");
    expect("{\"solve\":\"warehouse\",\"lead_time\":0,\"warehouse_holding_cost\":0.5,"
           "\"store_demands\":[2,3],\"store_lead_times\":[1,1]," COSTS "}",
           "\"warehouse\":0,\"stores\":[4,5],\"cost\":");
    expect("{\"solve\":\"lost_sales\"," POISSON(2) ",\"lead_time\":1," COSTS "}",
           "\"policy\":\"projected_level\",\"level\":");
    expect("{\"solve\":\"lost_sales\"," POISSON(2) ",\"lead_time\":1,"
                                                   "\"policy\":\"capped_base_stock\"," COSTS "}",
           "\"policy\":\"capped_base_stock\",\"level\":");
    expect("{\"solve\":\"lost_sales\"," POISSON(5) ",\"lead_time\":2,\"steps\":150,"
                                                   "\"policy\":\"learned\"," COSTS "}",
           "\"policy\":\"learned\",\"cost\":");
    expect("{\"solve\":\"lost_sales\"," POISSON(5) ",\"lead_time\":2,\"steps\":0,"
                                                   "\"policy\":\"learned\"," COSTS "}",
           "\"policy\":\"projected_level\",\"level\":");
}

Test(policy_solve, nonsense_is_refused_not_solved)
{
    expect("{\"solve\":\"newsvendor\"," POISSON(-5) "," COSTS "}",
           "! demand: mean: expected a number above 0");
    expect("{\"solve\":\"newsvendor\"," POISSON(1e14) "," COSTS "}", "! demand: too spread out");
    expect("{\"solve\":\"s_s\",\"demand\":{\"kind\":\"normal\",\"mean\":5,\"sd\":1},"
           "\"order_cost\":1," COSTS "}",
           "! demand: expected a demand in whole units");
    expect("{\"solve\":\"s_s\"," POISSON(2) ",\"order_cost\":1e14," COSTS "}",
           "! order_cost: gives too large a policy");
    expect("{\"solve\":\"s_s\"," POISSON(2) ",\"order_cost\":1,\"s\":5,\"S\":5," COSTS "}",
           "! S: expected a whole number from 6");
    expect("{\"solve\":\"newsvendor\",\"demand\":{\"kind\":\"discrete\",\"first\":0,"
           "\"chances\":[0.5,0.4]}," COSTS "}",
           "! demand.chances: expected a list of chances that sum to 1");
    expect("{\"solve\":\"serial\"," POISSON(
               16) ",\"shortage_cost\":9,"
                   "\"echelon_holding_costs\":[0.25],\"lead_times\":[0.25,1]}",
           "! lead_times: expected one for each");
    expect("{\"solve\":\"placement\",\"holding_costs\":[1,1],\"edges\":[0,5]}",
           "! expected edges between two stages");
    expect("{\"solve\":\"placement\",\"holding_costs\":[1,1],\"times\":[0.5,1],\"edges\":[0,1]}",
           "! times: expected whole periods");
    expect("{\"solve\":\"lost_sales\"," POISSON(2) ",\"lead_time\":99," COSTS "}",
           "! lead_time: expected a whole number from 1 to 12");
    expect("{\"solve\":\"lost_sales\"," POISSON(2) ",\"lead_time\":1,\"steps\":-1,"
                                                   "\"policy\":\"learned\"," COSTS "}",
           "! steps: expected a whole number from 0 to 100000");
    expect("{\"solve\":\"lost_sales\"," POISSON(30000) ",\"lead_time\":1," COSTS "}",
           "! expected a demand of at most about 1000");
    expect("{\"solve\":\"lot_discounts\",\"demand_rate\":13,\"order_cost\":8,"
           "\"holding_cost_rate\":0.3,\"breakpoints\":[0,400,400],\"unit_costs\":[3,2,1]}",
           "! breakpoints: expected rising numbers");
    expect("{\"solve\":\"wagner_whitin\",\"order_cost\":1,\"holding_cost\":1,\"demand\":[]}",
           "! demand: expected a list of 1 to 4096 numbers");
    expect("{\"solve\":\"warehouse\",\"lead_time\":1e9,\"warehouse_holding_cost\":0.5,"
           "\"store_demands\":[2],\"store_lead_times\":[1]," COSTS "}",
           "! store_demands: expected a lead-time demand");
}
