"""Recurrent cells, packed sequences, attention, containers of modules, further layers."""

from .core import CPU, CUDA, FLOAT, LONG, Value, construct
from .paste import declare, statements, unless
from .tensors import binary, use

SHAPE = (2, 4)


def place(g):
    return g.choice([CPU, CUDA, CUDA])


def moved(g, m, d, arrow="->"):
    if d != CPU:
        g.say("{}{}to({});".format(m, arrow, g.device(d)))


@construct("sequences")
def packed(g):
    m, n, d = g.fresh("rnn"), g.fresh("k"), place(g)
    kind = g.choice(["LSTM", "GRU"])
    g.say("torch::nn::{0} {1}(torch::nn::{0}Options(4, 4).batch_first(true));".format(kind, m))
    moved(g, m, d)
    x = g.pick((2, 3, 4), d)
    lengths = g.choice(["torch::tensor({3, 2})", "torch::tensor({3, 2}, torch::kLong)", "torch::tensor({3, 2}).cpu()", "torch::full({2}, 3, torch::kLong)", "torch::tensor({3, 2}, torch::kCUDA)", "torch::tensor({3, 2}, torch::kCUDA).to(torch::kCPU)"])
    statements(g, """
! auto packed$n = torch::nn::utils::rnn::pack_padded_sequence($x, $lengths, /*batch_first=*/true);
! auto out$n = $m->forward_with_packed_input(packed$n$state);
! auto padded$n = torch::nn::utils::rnn::pad_packed_sequence(std::get<0>(out$n), /*batch_first=*/true);
""", n=n, x=x, lengths=lengths, m=m, state="" if g.chance(0.6) or kind == "LSTM" else ", torch::zeros({1, 2, 4}" + (", {}.options())".format(x) if g.chance(0.6) else ")"))
    v = g.let(Value("std::get<0>(padded{}).sum(1)".format(n), SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("sequences")
def padded(g):
    n, d = g.fresh("k"), place(g)
    a, b = g.pick((4,), d), g.pick((4,), d)
    g.say("std::vector<torch::Tensor> rows{}{{{}, {}.slice(0, 0, 2)}};".format(n, a, b))
    v = g.let(Value("torch::nn::utils::rnn::pad_sequence(rows{}, /*batch_first=*/true)".format(n), SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("sequences")
def cells(g):
    """A cell in a loop, with a state that is made somewhere."""
    m, n, d = g.fresh("cell"), g.fresh("k"), place(g)
    kind = g.choice(["LSTMCell", "GRUCell", "RNNCell"])
    g.say("torch::nn::{0} {1}(torch::nn::{0}Options(4, 4));".format(kind, m))
    moved(g, m, d)
    x = g.pick((2, 3, 4), d)
    start = unless(g, g.choice(["torch::zeros({2, 4}, %s.options())" % x, "torch::zeros({2, 4}).to(%s.device())" % x, "%s.new_zeros({2, 4})" % x]), "torch::zeros({2, 4})")
    if kind == "LSTMCell":
        statements(g, """
! auto h$n = $start;
! auto c$n = torch::zeros_like(h$n);
for (int i = 0; i < 3; ++i) {
  ! std::tie(h$n, c$n) = $m->forward($x.select(1, i), std::make_tuple(h$n, c$n));
}""", n=n, start=start, m=m, x=x)
    else:
        statements(g, """
! torch::Tensor h$n = $start;
std::vector<torch::Tensor> all$n;
for (int i = 0; i < $x.size(1); ++i) {
  ! h$n = $m($x.select(1, i), h$n);
  all$n.push_back(h$n);
}
! auto stacked$n = torch::stack(all$n, 1);""", n=n, start=start, m=m, x=x)
    v = g.add(Value("h" + n, SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("sequences")
def attention(g):
    m, n, d = g.fresh("attention"), g.fresh("k"), place(g)
    x = g.pick((2, 3, 4), d)
    form = g.choice(["multihead", "encoder", "layer", "decoder", "scaled"])
    mask = unless(g, "torch::zeros({2, 2}, %s.options())" % x, "torch::zeros({2, 2})")
    if form == "multihead":
        g.say("torch::nn::MultiheadAttention {}(torch::nn::MultiheadAttentionOptions(4, 2));".format(m))
        moved(g, m, d)
        other = g.pick((2, 3, 4), d)
        g.say("auto out{} = {}->forward({}, {}, {}{});".format(n, m, x, other, other, ", {}, true, {}".format("{}", mask) if g.chance(0.5) else ""))
        v = g.let(Value("std::get<0>(out{}).sum(1)".format(n), SHAPE, d))
    elif form in ("encoder", "layer"):
        layer = "torch::nn::TransformerEncoderLayer(torch::nn::TransformerEncoderLayerOptions(4, 2).dim_feedforward(8).dropout(0))"
        g.say("auto {} = {};".format(m, layer if form == "layer" else "torch::nn::TransformerEncoder(torch::nn::TransformerEncoderOptions({}, 2))".format(layer)))
        moved(g, m, d)
        v = g.let(Value("{}->forward({}{}).sum(1)".format(m, x, ", " + mask if g.chance(0.5) else ""), SHAPE, d))
    elif form == "decoder":
        g.say("torch::nn::TransformerDecoderLayer {}(torch::nn::TransformerDecoderLayerOptions(4, 2).dim_feedforward(8));".format(m))
        moved(g, m, d)
        v = g.let(Value("{}({}, {}).sum(1)".format(m, x, g.pick((2, 3, 4), d)), SHAPE, d))
    else:
        y, z = g.pick((2, 3, 4), d), g.pick((2, 3, 4), d)
        statements(g, "! auto scores$n = torch::bmm($x, $y.transpose(1, 2)) / std::sqrt(4.0);\n! scores$n = scores$n.masked_fill($mask, -1e9);\n! auto out$n = torch::bmm(torch::softmax(scores$n, -1), $z);", n=n, x=x, y=y, z=z,
                   mask=unless(g, "torch::ones({3, 3}, %s.options()).tril() == 0" % x, "torch::triu(torch::ones({3, 3}), 1).to(torch::kBool)"))
        v = g.let(Value("out{}.sum(1)".format(n), SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("sequences")
def any_module(g):
    m, d = g.fresh("any"), place(g)
    layer = g.fresh("layer")
    g.say("torch::nn::Linear {}(4, 4);".format(layer))
    late = g.chance(0.5)
    if not late:
        moved(g, layer, d)
    g.say("torch::nn::AnyModule {}({});".format(m, layer))
    if late and d != CPU:
        g.say(g.choice(["{0}.ptr()->to({2});", "{1}->to({2});", "{0}.get<torch::nn::Linear>()->to({2});"]).format(m, layer, g.device(d)))
    x = g.pick(SHAPE, d)
    v = g.let(x.with_code(g.choice(["{}.forward({})", "{}.forward<torch::Tensor>({})"]).format(m, x)))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("sequences")
def module_dict(g):
    m, d = g.fresh("dict"), place(g)
    g.say("torch::nn::ModuleDict {};".format(m))
    early = g.case.slip()
    if early:
        moved(g, m, d)
    g.say(g.choice(["%s->update(torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>>({{\"a\", torch::nn::Linear(4, 4).ptr()}}));", "%s->update(std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>{{\"a\", torch::nn::Linear(4, 4).ptr()}});"]) % m)
    if not early:
        moved(g, m, d)
    x = g.pick(SHAPE, d)
    g.let(x.with_code(g.choice(["{}[\"a\"]->as<torch::nn::Linear>()->forward({})", "{}->at<torch::nn::LinearImpl>(\"a\").forward({})", "std::dynamic_pointer_cast<torch::nn::LinearImpl>({}[\"a\"])->forward({})"]).format(m, x)))


@construct("sequences")
def vector_of_layers(g):
    """Layers in a plain container of a function, moved one by one or all but one."""
    n, d = g.fresh("k"), place(g)
    kind = g.choice(["std::vector<torch::nn::Linear>", "std::deque<torch::nn::Linear>", "std::list<torch::nn::Linear>", "std::vector<torch::nn::AnyModule>", "std::vector<std::shared_ptr<torch::nn::LinearImpl>>", "std::map<int, torch::nn::Linear>"])
    add = {"any": "layers{n}.push_back(torch::nn::AnyModule(torch::nn::Linear(4, 4)));", "shared": "layers{n}.push_back(std::make_shared<torch::nn::LinearImpl>(4, 4));", "map": "layers{n}.emplace(i, torch::nn::Linear(4, 4));"}
    form = "any" if "Any" in kind else "shared" if "shared" in kind else "map" if "map" in kind else ""
    reach = {"any": "layer.ptr()->", "map": "layer.second->"}.get(form, "layer->")
    call = {"any": "layer.forward(h{n})", "map": "layer.second(h{n})", "shared": "layer->forward(h{n})"}.get(form, "layer(h{n})")
    skip = g.case.slip()
    statements(g, """
$kind layers$n;
for (int i = 0; i < 3; ++i)
  $add
int seen$n = 0;
for (auto &layer : layers$n) {
  $test
  ! $reach;
}
! torch::Tensor h$n = $x;
for (auto &layer : layers$n) {
  ! h$n = $call;
}""", n=n, kind=kind, add=add.get(form, g.choice(["layers{n}.push_back(torch::nn::Linear(4, 4));", "layers{n}.emplace_back(4, 4);"])).format(n=n), test="if (seen{}++ == {}) {};".format(n, g.choice([1, 2]), g.choice(["continue", "break"])) if skip else "++seen{};".format(n),
               reach=reach + "to({})".format(g.device(d)), call=call.format(n=n), x=g.pick(SHAPE, d))
    v = g.add(Value("h" + n, SHAPE, d))
    g.let(binary(g, v, g.pick(SHAPE, d)))


@construct("sequences")
def more_layers(g):
    """Layers with state and without."""
    m, d = g.fresh("m"), place(g)
    declaration, shape, code = g.choice([
        ("torch::nn::Bilinear {}(4, 4, 4);", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::CosineSimilarity {}(torch::nn::CosineSimilarityOptions().dim(1));", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::PairwiseDistance {};", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::ConvTranspose1d {}(torch::nn::ConvTranspose1dOptions(3, 3, 1));", (2, 3, 4), "{m}({x}) + {y}"),
        ("torch::nn::InstanceNorm1d {}(torch::nn::InstanceNorm1dOptions(3).affine(true));", (2, 3, 4), "{m}({x}) * {y}"),
        ("torch::nn::MaxPool1d {}(1);", (2, 3, 4), "{m}({x}) + {y}"),
        ("torch::nn::AdaptiveAvgPool1d {}(4);", (2, 3, 4), "{m}({x}) + {y}"),
        ("torch::nn::LeakyReLU {};", SHAPE, "{m}({x}) + {y}"),
        ("torch::nn::Softmax {}(1);", SHAPE, "{m}({x}) * {y}"),
        ("torch::nn::Identity {};", SHAPE, "{m}({x}) - {y}"),
        ("torch::nn::LayerNorm {}(torch::nn::LayerNormOptions({{4}}).elementwise_affine(false));", SHAPE, "{m}({x}) - {y}"),
        ("torch::nn::BatchNorm1d {}(torch::nn::BatchNormOptions(4).affine(false));", SHAPE, "{m}({x}) - {y}"),
        ("torch::nn::BatchNorm1d {}(torch::nn::BatchNormOptions(4).affine(false).track_running_stats(false));", SHAPE, "{m}({x}) - {y}"),
        ("torch::nn::KLDivLoss {}(torch::nn::KLDivLossOptions().reduction(torch::kSum));", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::BCEWithLogitsLoss {};", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::HingeEmbeddingLoss {};", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::TripletMarginLoss {};", SHAPE, "{m}({x}, {y}, {y})"),
        ("torch::nn::SoftMarginLoss {};", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::PoissonNLLLoss {};", SHAPE, "{m}({x}, {y})"),
        ("torch::nn::Sequential {}(torch::nn::ReLU(), torch::nn::Flatten(), torch::nn::Dropout(0.1));", SHAPE, "{m}->forward({x}) + {y}"),
    ])
    g.say(declaration.format(m))
    moved(g, m, d)
    x, y = g.pick(shape, d), g.pick(shape, d)
    g.say("auto {} = {};".format(g.fresh("out"), code.format(m=m, x=x, y=y)))
    use(g)


@construct("sequences")
def more_functions(g):
    d = place(g)
    shape, code = g.choice([
        (SHAPE, "torch::cosine_similarity({x}, {y})"), (SHAPE, "torch::cdist({x}, {y})"), (SHAPE, "torch::kl_div({x}, {y})"), (SHAPE, "torch::huber_loss({x}, {y})"), (SHAPE, "torch::lerp({x}, {y}, 0.5)"),
        (SHAPE, "torch::addcmul({x}, {y}, {y})"), (SHAPE, "torch::nn::functional::prelu({x}, {y}.slice(0, 0, 1).flatten())"), (SHAPE, "torch::atan2({x}, {y})"), (SHAPE, "torch::dist({x}, {y})"), (SHAPE, "torch::kron({x}, {y})"),
        (SHAPE, "torch::allclose({x}, {y})"), (SHAPE, "torch::equal({x}, {y})"), (SHAPE, "{x}.expand_as({y})"), (SHAPE, "{x}.view_as({y})"), (SHAPE, "{x}.type_as({y})"), (SHAPE, "torch::hstack({{{x}, {y}}})"), (SHAPE, "torch::dot({x}[0], {y}[0])"),
        ((2, 3, 4), "torch::bmm({x}, {y}.transpose(1, 2))"), ((2, 3, 4), "torch::baddbmm({x}, {x}.matmul({x}.transpose(1, 2)), {y})"), ((4,), "torch::outer({x}, {y})"), ((4,), "torch::cross({x}.slice(0, 0, 3), {y}.slice(0, 0, 3), 0)"), ((4,), "torch::ger({x}, {y})"),
        ((4, 4), "torch::linalg_solve({x} + torch::eye(4, {x}.options()) * 9, {y})"), ((4, 4), "torch::block_diag({{{x}, {y}}})"), ((4, 4), "torch::chain_matmul({{{x}, {y}}})"), ((4,), "torch::meshgrid({{{x}, {y}}})"), ((4,), "torch::cartesian_prod({{{x}, {y}}})"),
        (SHAPE, "torch::nn::functional::normalize({x}) + {y}"), (SHAPE, "torch::fmod({x}, {y})"), (SHAPE, "torch::logaddexp({x}, {y})"), (SHAPE, "torch::clamp({x}, {y})"), (SHAPE, "torch::minimum({x}, {y}).sum()"), (SHAPE, "torch::isclose({x}, {y})"),
        (SHAPE, "{x}.ge({y})"), (SHAPE, "({x} < {y}).any()"), (SHAPE, "{x}.masked_select({y} > 0)"), (SHAPE, "{x}.index({{{y} > 0}})"), (SHAPE, "torch::where({x} > 0, {y}, 0.0)"), (SHAPE, "{x}.gather(1, {y}.argmax(1, true))"), (SHAPE, "{x}.take({y}.argmax())"),
        (SHAPE, "torch::bernoulli({x}.sigmoid()) * {y}"), (SHAPE, "at::normal({x}, {y}.abs())"), (SHAPE, "torch::searchsorted({x}, {y})"), (SHAPE, "torch::hypot({x}, {y})"), (SHAPE, "torch::mv({x}, {y}[0])"), (SHAPE, "torch::tensordot({x}, {y}, {{1}}, {{1}})"),
        (SHAPE, "{x}.index_add(0, {y}.argmax(1).clamp(0, 1), {x})"), (SHAPE, "{x}.scatter(1, {y}.argmax(1, true), 1.0)"), (SHAPE, "{x}.index_copy(0, {y}.argmax(1).clamp(0, 1), {x})"), (SHAPE, "{x}.repeat_interleave(2, 0)"),
    ])
    x, y = g.pick(shape, d), g.pick(shape, d)
    g.say("auto {} = {};".format(g.fresh("out"), code.format(x=x, y=y)))
    use(g)


@construct("sequences")
def encoder_decoder(g):
    enc, dec, n, d = g.fresh("Encoder"), g.fresh("Decoder"), g.fresh("k"), place(g)
    declare(g, """
struct ${enc}Impl : torch::nn::Module {
  explicit ${enc}Impl(int64_t size) : embedding(10, size), rnn(torch::nn::GRUOptions(size, size)) {
    F;
    ! register_module("embedding", embedding);
    ! $register
  }
  std::tuple<torch::Tensor, torch::Tensor> forward(torch::Tensor words, torch::Tensor h) {
    F;
    ! auto e = embedding(words).unsqueeze(0);
    ! return rnn(e, h);
  }
  torch::Tensor start(int64_t batch) const {
    F;
    ! return torch::zeros({1, batch, 4}$where);
  }
  torch::nn::Embedding embedding;
  torch::nn::GRU rnn;
};
TORCH_MODULE($enc);
class ${dec}Impl : public torch::nn::Module {
public:
  ${dec}Impl() {
    F;
    ! out = register_module("out", torch::nn::Linear(4, 5));
    ! bias = $buffer;
  }
  torch::Tensor forward(const torch::Tensor &h) {
    F;
    ! auto x = torch::tanh(h + bias);
    ! return torch::log_softmax(out(x), -1);
  }
private:
  torch::nn::Linear out{nullptr};
  torch::Tensor bias;
};
TORCH_MODULE($dec);""", enc=enc, dec=dec, register=unless(g, 'register_module("rnn", rnn);', "rnn->flatten_parameters();"), where=unless(g, g.choice([", embedding->weight.options()", ", embedding->weight.device()"])), buffer=unless(g, 'register_buffer("bias", torch::ones({4}))', "torch::ones({4})"))
    words = g.pick((2,), d, LONG)
    statements(g, """
$enc enc$n(4);
$dec dec$n;
! enc$n->to($d);
! dec$n->to($d);
! auto h$n = enc$n->start(2);
torch::Tensor out$n;
for (int i = 0; i < 2; ++i) {
  ! std::tie(out$n, h$n) = enc$n->forward($words, h$n);
}
! auto log$n = dec$n(out$n[0]);
! auto loss$n = torch::nll_loss(log$n, $target);
""", enc=enc, dec=dec, n=n, d=g.device(d), words=words, target=unless(g, "torch::zeros({2}, torch::dtype(torch::kLong).device(%s))" % g.device(d), "torch::zeros({2}, torch::kLong)"))
    use(g)
