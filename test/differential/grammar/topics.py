"""What the constructs are about, for the table: a function counts in each row of which it contains a construct."""

from .core import CONSTRUCTS

# Names of constructs and of groups.
TOPICS = [
    ("api: making, moving, viewing, operators", "tensors"),
    ("api: layers, losses, recurrent cells, attention", "modules sequences"),
    ("api: data sets, checkpoints, optimizers, autograd", "data_set data_loader batches checkpoint optimizer_parameters optimizer_kinds gradients autograd_function closure_step backward train_step"),
    ("classes: modules of one's own", "classes hierarchies recurrent_encoder masked_attention encoder_decoder typed_modules"),
    ("classes: virtual calls, templates, registries", "inherited in_sequential class_template interfaces generic registries many_modules"),
    ("classes: state that changes from call to call", "states plain_class lazy_state device_member trainer agent owning_trainer value_class settings"),
    ("classes: members that no one registered, tensors made in forward", "own_module nested_modules module_list masked_attention encoder_decoder forgotten typed_modules"),
    ("between functions: parameters, results, recursion", "helpers several_returns checked in_helper in_function in_method"),
    ("between functions: callbacks", "callbacks lambdas kept_callbacks algorithms more_algorithms closures function_pointers member_pointers bound in_lambda applied closure_step"),
    ("between functions: templates", "templates in_template class_template constants generic"),
    ("control flow: forks", "branches correlated two_branches ternary flag_device conditional_module nested_forks conjunctions flag_rewritten kinds numbers in_branch in_both_branches flag_passed short_circuit"),
    ("control flow: loops", "loop_carried first_round while_loop nested_loops by_round in_loop running_sum cells rows shelves"),
    ("control flow: exits, switches, handlers, constants", "early_return return_on_device switch handler rethrown checked initialised_if kinds constants enumeration global_device names_of_devices"),
    ("control flow: aliases", "aliases referring swap_and_move shared_pointer move_again shared_layer cloned_module"),
    ("control flow: containers", "containers stores nested_containers holders batches module_list vector_of_layers many_modules tables"),
    ("control flow: optionals and variants", "optional optional_argument variants buffers chosen"),
    ("dtype: promotion, conversion, literals", "promotions promoted conversions literals in_place_type product_types default_dtype kept_type"),
    ("dtype: modules, indices, targets", "typed_modules targets index_types module_dtype embedding accuracy weighted_loss lookup"),
    ("mistakes: dropped moves, host access, optimizers", "dropped_move half_moved host_access host_copy optimizer_parameters mover"),
]


def topics(used):
    """The rows in which a function with these constructs counts."""
    names = set(used) | {CONSTRUCTS[name][0] for name in used}
    return [row for row, about in TOPICS if names & set(about.split())]
