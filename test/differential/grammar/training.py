"""Classes and loops that train: trainers, agents, data loaders, several optimizers, running sums."""

from .core import CPU, CUDA, LONG, Value, construct
from .paste import declare, statements, unless
from .tensors import binary, use

SHAPE = (2, 4)


def place(g):
    return g.choice([CPU, CUDA, CUDA])


@construct("training")
def trainer(g):
    """Model, optimizer and device as members of a class that is no module."""
    name, t, d = g.fresh("Trainer"), g.fresh("trainer"), place(g)
    declare(g, """
class $name {
public:
  explicit $name(torch::Device where) : device(where), model(4, 4), optimizer(model->parameters(), torch::optim::SGDOptions(0.1)) {
    F;
    ! $move
    ! scale = torch::ones({4}$options);
  }
  torch::Tensor train(torch::Tensor x, torch::Tensor y) {
    F;
    ! x = x$input;
    ! $target
    for (int i = 0; i < 2; ++i) {
      ! optimizer.zero_grad();
      ! auto out = predict(x);
      ! auto loss = torch::mse_loss(out, y);
      ! loss.backward();
      ! optimizer.step();
      last = loss.detach();
    }
    return last;
  }
  torch::Tensor predict(const torch::Tensor &x) {
    F;
    ! return model(x) * scale;
  }
  void to(torch::Device where) {
    F;
    device = where;
    ! model->to(device);
    ! $both
  }
  torch::Device device;
  torch::Tensor last, scale;
private:
  torch::nn::Linear model;
  torch::optim::SGD optimizer;
};""", name=name, move=unless(g, "model->to(device);", "model->train();"), options=unless(g, ", device"), input=g.choice([".to(device)", ".to(scale.device())", ".to(device, torch::kFloat)"]),
            target=unless(g, "y = y.to(device).detach();", "y.to(device);"), both=unless(g, "scale = scale.to(device);", "scale.to(device);"))
    g.say("{} {}{{{}}};".format(name, t, g.device(d)))
    x, y = g.pick(SHAPE), g.pick(SHAPE)
    g.say("auto {} = {}.train({}, {});".format(g.fresh("loss"), t, x, y))
    if g.chance(0.4):
        d = g.choice([CPU, CUDA])
        g.say("{}.to({});".format(t, g.device(d)))
    z = g.pick(SHAPE, d)
    out = g.let(Value("{}.predict({})".format(t, z), SHAPE, d))
    g.let(binary(g, out, g.pick(SHAPE, d)))


@construct("training")
def agent(g):
    """Experience in a deque of structs, stacked and moved when it learns."""
    step, name, a, d = g.fresh("Step"), g.fresh("Agent"), g.fresh("agent"), place(g)
    declare(g, """
struct $step {
  torch::Tensor state, action;
  double reward = 0;
};
struct $name {
  explicit $name(torch::Device d) : device(d) {
    F;
    ! policy->to(device);
    ! $target
    if (false) optimizer.step();
  }
  torch::Tensor act(const torch::Tensor &state) {
    F;
    torch::NoGradGuard guard;
    ! auto values = policy->forward(state$input);
    ! auto action = values.argmax(1);
    ! memory.push_back({state, action$home, 1.0});
    return action;
  }
  torch::Tensor learn() {
    F;
    std::vector<torch::Tensor> states, actions, rewards;
    for (const auto &m : memory) {
      states.push_back(m.state);
      actions.push_back(m.action);
      rewards.push_back($reward);
    }
    ! auto s = torch::cat(states)$batch;
    ! auto a = torch::cat(actions)$batch;
    ! auto r = torch::cat(rewards)$batch2;
    ! auto q = policy->forward(s).gather(1, a.unsqueeze(1)).squeeze(1);
    ! auto next = std::get<0>(target->forward(s).max(1)).detach();
    ! auto loss = torch::smooth_l1_loss(q, r + 0.9 * next);
    ! optimizer.zero_grad();
    ! loss.backward();
    ! optimizer.step();
    memory.clear();
    return loss;
  }
  torch::Device device;
  torch::nn::Sequential policy{torch::nn::Linear(4, 3)}, target{torch::nn::Linear(4, 3)};
  torch::optim::Adam optimizer{policy->parameters(), torch::optim::AdamOptions(0.01)};
  std::deque<$step> memory;
};""", step=step, name=name, target=unless(g, "target->to(device);", "target->eval();"), input=unless(g, ".to(device)"), home=g.choice(["", ".cpu()"]),
            reward=g.choice(["torch::full({2}, m.reward)", "torch::tensor({1.0f, 0.0f})", "torch::full({2}, 0.5, m.state.options())"]), batch=unless(g, ".to(device)"), batch2=unless(g, ".to(device)"))
    g.say("{} {}{{{}}};".format(name, a, g.device(d)))
    x = g.pick(SHAPE)
    act = g.let(Value("{}.act({})".format(a, x), (2,), d, LONG))
    g.variables.remove(act)
    if g.chance(0.5):
        g.say("{}.act({});".format(a, g.pick(SHAPE)))
    g.say("auto {} = {}.learn();".format(g.fresh("loss"), a))


@construct("training")
def data_loader(g):
    data, loader, m, d = g.fresh("Data"), g.fresh("loader"), g.fresh("m"), place(g)
    declare(g, """
struct $data : torch::data::datasets::Dataset<$data> {
  torch::data::Example<> get(size_t) override {
    return {torch::rand({4}), $target};
  }
  torch::optional<size_t> size() const override { return 4; }
};""", data=data, target=g.choice(["torch::rand({4})", "torch::ones({4})"]))
    statements(g, """
! torch::nn::Linear $m(4, 4);
! $m->to($device);
! auto $loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>($data().map(torch::data::transforms::Stack<>()), 2);
for ($batch : *$loader) {
  ! auto data = batch.data$to;
  ! $target
  ! auto out = $m(data);
  ! auto loss = torch::mse_loss(out, target);
  ! loss.backward();
}""", m=m, device=g.device(d), loader=loader, data=data, batch=g.choice(["auto &batch", "auto batch", "const auto &batch", "torch::data::Example<> batch"]),
               to=unless(g, ".to({})".format(g.device(d))), target=unless(g, "auto target = batch.target.to({});".format(g.device(d)), "auto target = batch.target;"))
    use(g)


@construct("training")
def adversaries(g):
    """Two networks, noise, labels, detach."""
    n, d = g.fresh("k"), place(g)
    statements(g, """
torch::nn::Sequential gen$n(torch::nn::Linear(4, 8), torch::nn::ReLU(), torch::nn::Linear(8, 4));
torch::nn::Sequential dis$n(torch::nn::Linear(4, 1), torch::nn::Sigmoid());
const torch::Device device$n = $device;
! gen$n->to(device$n);
! $dis
! auto real$n = torch::rand({2, 4}, device$n);
! auto noise$n = torch::randn({2, 4}$noise);
! auto fake$n = gen$n->forward(noise$n);
! auto label$n = torch::ones({2, 1}$label);
! auto out$n = dis$n->forward(fake$n$detach);
! auto loss$n = torch::binary_cross_entropy(out$n, label$n) + torch::binary_cross_entropy(dis$n->forward(real$n), $smooth);
! loss$n.backward();
""", n=n, device=g.device(d), dis=unless(g, "dis{}->to(device{});".format(n, n), "dis{}->train();".format(n)), noise=unless(g, ", device" + n), label=unless(g, ", device" + n), detach=g.choice(["", ".detach()"]),
               smooth=g.choice(["label{} * 0.9".format(n), "torch::empty({2, 1}, label%s.options()).uniform_(0.8, 1.0)" % n, "torch::full_like(label{}, 0.9)".format(n), "torch::rand({2, 1}, device%s)" % n]))


@construct("training")
def soft_update(g):
    """Parameters of one module blended into another's."""
    f, a, b = g.fresh("update"), g.fresh("a"), g.fresh("b")
    d = place(g)
    e = g.other(d) if g.case.slip() else d
    declare(g, """
void $f(torch::nn::Module &source, torch::nn::Module &target, double tau) {
  F;
  torch::NoGradGuard guard;
  auto from = source.$parameters;
  auto into = target.$parameters;
  for (size_t i = 0; i < from.size(); ++i) {
    ! $blend
  }
}""", f=f, parameters="parameters()", blend=g.choice(["into[i].mul_(1 - tau).add_(tau * from[i]);", "into[i].copy_(tau * from[i] + (1 - tau) * into[i]);", "into[i].lerp_(from[i], tau);", "into[i].copy_(from[i]);", "into[i].add_(from[i], tau);"]))
    g.say("torch::nn::Linear {}(4, 4), {}(4, 4);".format(a, b))
    for m, where in ((a, d), (b, e)):
        if where != CPU or g.chance(0.3):
            g.say("{}->to({});".format(m, g.device(where)))
    g.say("{}(*{}, *{}, 0.1);".format(f, a, b))
    x = g.pick(SHAPE, e)
    g.let(x.with_code("{}({})".format(b, x)))


@construct("training")
def running_sum(g):
    """A sum that starts somewhere and takes losses of a device."""
    total, d = g.fresh("total"), place(g)
    g.say("torch::Tensor {} = {};".format(total, g.choice(["torch::zeros({1})", "torch::tensor(0.0f)", "torch::zeros({1}, torch::kCUDA)", "torch::zeros({}, torch::kCUDA)", "torch::zeros({1}, torch::kCPU)"])))
    x = g.pick(SHAPE, d)
    statements(g, """
for (int i = 0; i < 2; ++i) {
  ! auto loss = ($x * 2).mean();
  ! $add
}""", x=x, add=g.choice(["{0} += loss;", "{0} = {0} + loss;", "{0} += loss.item<float>();", "{0} += loss.cpu();", "{0} = loss + {0};", "{0} += loss.detach().to({0}.device());", "{0}.add_(loss);"]).format(total))
    use(g)


@construct("training")
def accuracy(g):
    d = place(g)
    x, n = g.pick(SHAPE, d), g.fresh("right")
    t = g.pick((2,), d, LONG)
    g.say("auto {} = {};".format(n, g.choice(["{}.argmax(1).eq({}).sum()", "torch::eq({}.argmax(1), {}).sum().item<int64_t>()", "({}.argmax(1) == {}).to(torch::kFloat).mean()", "std::get<1>({}.max(1)).eq({}.view({{-1}})).sum()",
                                              "{}.argmax(1).sub({}).abs().sum().template item<int64_t>()"]).format(x, t)))
    use(g)


@construct("training")
def settings(g):
    """The device in a struct of settings, in a constant, behind a function."""
    s, f, d = g.fresh("Settings"), g.fresh("settings"), place(g)
    form = g.choice(["struct", "constant", "function", "static", "inherited"])
    if form == "struct":
        declare(g, "struct $s {\n  int epochs = 2;\n  torch::Device device = $d;\n  torch::TensorOptions options() const { return torch::TensorOptions().device(device); }\n};", s=s, d=g.device(d))
        g.say("{} {};".format(s, f))
        if g.chance(0.4):
            d = g.choice([CPU, CUDA])
            g.say("{}.device = {};".format(f, g.device(d)))
        code = g.choice(["torch::rand({2, 4}, %s.device)", "torch::rand({2, 4}, %s.options())", "torch::rand({2, 4}).to(%s.device)"]) % f
    elif form == "constant":
        declare(g, "const torch::Device $s($d);", s=s, d="torch::k" + d[0].upper())
        code = "torch::rand({2, 4}, %s)" % s
    elif form == "function":
        declare(g, "torch::Device $f(bool cuda = $default) {\n  F;\n  ! return cuda && torch::cuda::is_available() ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);\n}", f=f, default="true" if d == CUDA else "false")
        code = "torch::rand({2, 4}, %s())" % f
        if g.chance(0.5):
            d = g.choice([CPU, CUDA])
            code = "torch::rand({2, 4}, %s(%s))" % (f, "true" if d == CUDA else "false")
    elif form == "static":
        declare(g, "struct $s {\n  static torch::Device device() { return $d; }\n  static constexpr bool cuda = $b;\n};", s=s, d="torch::k" + d[0].upper(), b="true" if d == CUDA else "false")
        code = g.choice(["torch::rand({2, 4}, %s::device())", "torch::rand({2, 4}).to(%s::cuda ? torch::kCUDA : torch::kCPU)"]) % s
    else:
        declare(g, "struct Base$s {\n  torch::Device device;\n  explicit Base$s(torch::Device d = torch::kCPU) : device(d) {}\n};\nstruct $s : Base$s {\n  using Base$s::Base$s;\n  torch::Tensor make() { F; return torch::rand({2, 4}, this->device); }\n};", s=s)
        g.say("{} {}{};".format(s, f, "{{{}}}".format(g.device(d)) if d == CUDA or g.chance(0.5) else "{}"))
        code = f + ".make()"
    v = g.let(Value(code, SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("training")
def gradients(g):
    d = place(g)
    n = g.fresh("k")
    w = g.let(g.new(SHAPE, d))
    g.say("auto p{} = {}.clone().set_requires_grad(true);".format(n, w))
    x = g.pick(SHAPE, d)
    g.say("auto loss{0} = (p{0} * {1}).sum();".format(n, x))
    form = g.choice(["grad", "backward", "step", "clip"])
    if form == "grad":
        g.say("auto grads{0} = torch::autograd::grad({{loss{0}}}, {{p{0}}});".format(n))
        v = g.let(Value("grads{}[0]".format(n), SHAPE, d))
    elif form == "clip":
        g.say("loss{}.backward();".format(n))
        g.say("torch::nn::utils::clip_grad_norm_({{p{0}}}, 1.0);".format(n))
        v = g.let(Value("p{}.grad()".format(n), SHAPE, d))
    elif form == "backward":
        g.say("loss{}.backward();".format(n))
        v = g.let(Value("p{}.grad().clone()".format(n), SHAPE, d))
    else:
        statements(g, "! loss$n.backward();\n{\n  torch::NoGradGuard guard;\n  ! p$n -= 0.1 * p$n.grad();\n  ! p$n.grad().zero_();\n}", n=n)
        v = g.let(Value("p{}.detach()".format(n), SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("training")
def optimizer_kinds(g):
    """An optimizer behind a pointer or a reference, with a schedule."""
    f, m, o, d = g.fresh("step"), g.fresh("m"), g.fresh("opt"), place(g)
    declare(g, """
void $f(torch::nn::Linear $ref m, torch::optim::Optimizer &optimizer, const torch::Tensor &x, const torch::Tensor &y) {
  F;
  ! optimizer.zero_grad();
  ! auto loss = $loss;
  ! loss.backward();
  ! optimizer.step();
}""", f=f, ref=g.choice(["", "&"]), loss=g.choice(["torch::nn::functional::mse_loss(m(x), y)", "torch::l1_loss(m->forward(x), y)", "(m(x) - y).pow(2).mean()", "torch::nn::functional::smooth_l1_loss(m(x), y)", "torch::nn::HuberLoss()(m(x), y)"]))
    early = g.chance(0.3)
    g.say("torch::nn::Linear {}(4, 4);".format(m))
    if not early:
        g.say("{}->to({});".format(m, g.device(d)))
    kind = g.choice(["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
    g.say("std::unique_ptr<torch::optim::Optimizer> {0} = std::make_unique<torch::optim::{1}>({2}->parameters(), torch::optim::{1}Options(0.01));".format(o, kind, m))
    if early:
        g.say("{}->to({});".format(m, g.device(d)))
    for _ in range(g.choice([1, 2])):
        x, y = g.pick(SHAPE, d), g.pick(SHAPE, d)
        g.say("{}({}, *{}, {}, {});".format(f, m, o, x, y))
    use(g)
