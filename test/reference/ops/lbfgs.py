"""lbfgs: float64 torch.optim.LBFGS over 20 steps on an objective that test/kernels/lbfgs.test.ts states again.

With x the parameters one after the other (formula() of seeds 1, 2, 3 of the lengths below), b formula() of seed 50, w
1 + 4 |formula() of seed 51|: sum of w (x - b)^2 / 2 + (x - b)^4 / 4 + ripple cos(5 x), and of (x_{i+1} - x_i)^2.
Outputs: the parameters after the first and the last step, and the loss before each step.
"""
import torch

from fixture import Fixture, formula

LENGTHS = [5, 70, 130]
STEPS = 20

# name: (options, those in the engine's words, ripple)
CASES = {
    "default": ({"max_iter": 2}, {"maxIterations": 2}, 0),
    "one iteration a step": ({"max_iter": 1, "lr": 0.5}, {"maxIterations": 1}, 0),
    "short history": ({"max_iter": 3, "lr": 0.25, "history_size": 2}, {"maxIterations": 3, "historySize": 2}, 0.05),
    "few evaluations": ({"max_iter": 6, "max_eval": 2, "lr": 0.3}, {"maxIterations": 6, "maxEvaluations": 2}, 0),
    "ends where it is flat": ({"max_iter": 20, "tolerance_grad": 0.05, "lr": 0.6},
                              {"toleranceGradient": 0.05}, 0),
    "ends where little changes": ({"tolerance_change": 0.05, "lr": 0.4}, {"toleranceChange": 0.05}, 0),
    "strong Wolfe": ({"max_iter": 2, "line_search_fn": "strong_wolfe", "history_size": 5},
                     {"maxIterations": 2, "lineSearch": "strong_wolfe", "historySize": 5}, 0),
    "strong Wolfe, steps too long": ({"max_iter": 2, "lr": 40, "line_search_fn": "strong_wolfe"},
                                     {"maxIterations": 2, "lineSearch": "strong_wolfe"}, 0.05),
    "strong Wolfe, steps too short": ({"max_iter": 1, "lr": 0.2, "line_search_fn": "strong_wolfe"},
                                      {"maxIterations": 1, "lineSearch": "strong_wolfe"}, 0),
}


def generate():
    fixture = Fixture("lbfgs")
    count = sum(LENGTHS)
    b = torch.from_numpy(formula([count], 50)).double()
    w = 1 + 4 * torch.from_numpy(formula([count], 51)).double().abs()
    for name, (options, settings, ripple) in CASES.items():
        parameters = [torch.from_numpy(formula([length], 1 + i)).double().requires_grad_()
                      for i, length in enumerate(LENGTHS)]
        optimizer = torch.optim.LBFGS(parameters, **options)

        def closure():
            optimizer.zero_grad()
            x = torch.cat(parameters)
            d = x - b
            loss = (w * d ** 2 / 2 + d ** 4 / 4 + ripple * torch.cos(5 * x)).sum() + ((x[1:] - x[:-1]) ** 2).sum()
            loss.backward()
            return loss

        first, losses = None, []
        for step in range(STEPS):
            losses.append(float(optimizer.step(closure)))
            if step == 0:
                first = torch.cat([p.detach().clone() for p in parameters])
        state = optimizer.state[parameters[0]]
        print(name, losses[:6], losses[-1], state["n_iter"], state["func_evals"])
        outputs = {"first": first, "last": torch.cat([p.detach() for p in parameters]), "losses": torch.tensor(losses)}
        fixture.case(name, {}, outputs, settings={"type": "lbfgs", **settings}, ripple=ripple,
                     learningRate=options.get("lr", 1), iterations=state["n_iter"], evaluations=state["func_evals"])
    fixture.save()
