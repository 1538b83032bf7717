//! Every fault, and what stands for it.

/// The list, and the tests that stand for each fault, by their modules below `tests/it`.
///
/// What is left out here, and why. F1: the tests that are left out for their time (`--ignored`) kill
/// at every point. F7: durations and timeouts come from a clock that no date can move, and a test
/// cannot set that of the system; a journal whose dates go back stands for it. F13: no machine is run
/// out of memory, the order in which the system would kill is read. F14, F34: megabytes stand for
/// gigabytes, and two thousand files for a hundred thousand, for the time they take. F36: LFS is a
/// filter like any other.
pub(super) const FAULTS: [(&str, &[&str]); 45] = [
    // Killed at every point of the journal.
    (
        "F1",
        &[
            "faults::crash::independent_tasks_survive_a_crash",
            "faults::crash::dependent_tasks_survive_a_crash",
            "faults::crash::failures_retries_checks_and_the_landing_survive_a_crash",
            "faults::crash::a_second_crash_while_resuming_is_survived",
            "faults::crash::an_integration_survives_a_crash",
            "faults::crash::an_undo_survives_a_crash",
            "faults::crash::cleaning_and_aborting_survive_a_crash",
            "faults::warden::whatever_a_killed_wt_orch_ran_is_gone_moments_later_and_nothing_else_is",
        ],
    ),
    // Killed while the target moves.
    (
        "F2",
        &[
            "faults::crash_landing::f2_a_kill_before_the_target_moves_lands_later",
            "faults::crash_landing::f2_a_kill_while_the_target_moves_is_a_landing",
            "faults::crash_landing::f2_a_git_that_outlives_the_kill_and_moves_the_target_late_tears_nothing",
        ],
    ),
    // Signals to wt-orch.
    (
        "F3",
        &[
            "faults::signals::one_signal_stops_in_good_order_says_so_and_how_to_go_on",
            "faults::signals::a_second_ctrl_c_kills_after_whatever_asked_first",
            "faults::signals::ctrl_z_holds_everything_and_time_and_the_shell_lets_it_go_on",
            "faults::signals::a_terminal_that_is_gone_ends_a_run_in_good_order_or_not_at_all",
            "faults::signals::a_validation_is_held_and_stopped_like_a_task",
        ],
    ),
    // A journal that is torn or garbage.
    (
        "F4",
        &[
            "faults::journal::f4_a_log_torn_anywhere_gives_what_was_durable_by_then",
            "faults::journal::f4_garbage_in_a_log_ends_it_there_and_what_is_behind_its_end_is_never_read",
            "faults::journal::f4_a_database_cut_or_overwritten_anywhere_is_refused_or_as_it_was",
            "faults::journal::f4_a_journal_that_lost_its_end_goes_on_from_there_and_one_with_a_hole_is_refused",
        ],
    ),
    // A journal of a newer version.
    ("F5", &["faults::journal::f5_what_a_newer_version_wrote_is_refused_with_the_way_out"]),
    // A number of a process used again.
    ("F6", &["faults::journal::f6_a_reused_number_or_another_boot_ends_nobody_innocent"]),
    // A clock that jumps.
    (
        "F7",
        &["faults::journal::f7_a_date_that_was_put_back_leaves_the_order_and_no_absurd_duration"],
    ),
    // A full disk under worktrees.
    (
        "F8",
        &[
            "faults::disks::f8_worktrees_that_do_not_fit_are_refused_before_anything_is_made",
            "faults::disks::f8_a_disk_that_fills_up_fails_one_task_and_leaves_no_half_of_it",
        ],
    ),
    // A full disk under journal and logs.
    (
        "F9",
        &[
            "faults::full_disk::f9_a_run_whose_journal_finds_no_room_stops_and_goes_on_when_there_is_some",
            "faults::full_disk::f9_a_log_that_finds_no_room_does_not_fail_its_task_and_the_report_says_so",
        ],
    ),
    // A repository that may only be read.
    (
        "F10",
        &["faults::disks::f10_a_repository_that_cannot_be_written_is_refused_and_can_be_looked_at"],
    ),
    // Files without permission.
    (
        "F11",
        &[
            "faults::disks::f11_a_file_that_cannot_be_read_is_named_and_nothing_is_lost",
            "faults::disks::f11_folders_that_a_task_closed_do_not_hold_up_clean",
        ],
    ),
    // Too few handles or processes.
    (
        "F12",
        &[
            "faults::limits::f12_with_few_file_handles_everything_still_runs_and_lands",
            "faults::limits::f12_too_few_file_handles_are_named_with_the_way_to_more_and_cost_nothing",
            "faults::limits::f12_what_lacks_handles_side_by_side_goes_on_one_after_another",
            "faults::limits::f12_a_machine_that_starts_no_more_processes_loses_nothing_and_says_so",
        ],
    ),
    // Too little memory.
    (
        "F13",
        &[
            "faults::containment::f13_a_task_that_wants_too_much_memory_fails_and_goes_before_wt_orch",
        ],
    ),
    // Output without end.
    ("F14", &["faults::limits::f14_output_without_end_or_line_breaks_is_cut_in_the_middle"]),
    // Readers that stop reading.
    (
        "F15",
        &[
            "faults::readers::a_run_goes_on_when_nobody_reads_what_it_prints",
            "faults::readers::a_run_does_not_mind_a_reader_that_has_seen_enough",
            "faults::readers::every_command_that_prints_much_ends_quietly_on_a_closed_pipe",
        ],
    ),
    // Two at once.
    (
        "F16",
        &[
            "faults::concurrency::f16_two_that_start_the_same_file_at_once_never_share_a_place",
            "faults::concurrency::f16_two_landings_at_once_land_both_or_say_what_to_do",
        ],
    ),
    // Locks of the dead.
    ("F17", &["faults::concurrency::f17_the_locks_of_a_killed_process_hold_nobody_up"]),
    // A user at work meanwhile.
    (
        "F18",
        &[
            "faults::concurrency::f18_what_the_user_does_meanwhile_is_not_disturbed_and_disturbs_nothing",
            "faults::shared::f18_what_the_user_does_meanwhile_is_left_alone",
        ],
    ),
    // Locks of git.
    (
        "F19",
        &[
            "faults::concurrency::f19_locks_of_git_that_are_held_for_a_moment_are_waited_for",
            "faults::concurrency::f19_a_lock_of_git_that_nobody_gives_back_is_named_and_nothing_is_half_done",
        ],
    ),
    // Many worktrees at once.
    (
        "F20",
        &["faults::concurrency::f20_sixteen_worktrees_at_once_from_a_branch_that_others_track"],
    ),
    // A target that moves.
    (
        "F21",
        &[
            "faults::concurrency::f21_a_target_that_was_forced_elsewhere_during_the_run_is_landed_on_as_it_is",
            "landing::rule_20_a_target_that_moved_since_the_base_is_merged_again_and_validated",
            "landing::rule_20_a_target_that_moves_during_the_validation_is_merged_and_validated_again",
        ],
    ),
    // A target checked out elsewhere.
    (
        "F22",
        &[
            "faults::concurrency::f22_a_target_that_is_checked_out_elsewhere_and_dirty_there_refuses_the_landing",
            "landing::rule_19_a_target_in_another_worktree_moves_with_its_files",
        ],
    ),
    // Daemons.
    (
        "F23",
        &[
            "faults::containment::f23_a_daemon_that_sheds_everything_ends_with_its_task_and_is_told_of",
        ],
    ),
    // A request to end that is ignored.
    (
        "F24",
        &[
            "faults::containment::f24_a_task_that_ignores_the_request_to_end_is_killed_after_the_grace",
        ],
    ),
    // A task that stops itself, or multiplies.
    (
        "F25",
        &[
            "faults::containment::f25_a_task_that_stops_itself_reaches_its_timeout_all_the_same",
            "faults::containment::f25_a_fork_bomb_is_ended_as_a_whole",
        ],
    ),
    // Output that is held open.
    ("F26", &["faults::containment::f26_output_that_is_held_open_ends_the_task_and_is_told_of"]),
    // A lost .git file.
    (
        "F27",
        &[
            "faults::worktrees::f27_a_deleted_git_file_is_written_again_and_the_work_is_committed",
            "faults::worktrees::f27_a_git_file_that_became_a_repository_fails_the_task_with_its_files_kept",
            "faults::worktrees::f27_a_pruned_entry_is_made_again_and_the_files_are_kept",
        ],
    ),
    // A lost worktree.
    (
        "F28",
        &[
            "faults::worktrees::f28_a_worktree_that_was_moved_is_moved_back",
            "faults::worktrees::f28_what_was_committed_before_the_worktree_was_deleted_is_on_the_branch",
        ],
    ),
    // Branches that were moved.
    (
        "F29",
        &[
            "faults::refs::f29_work_on_another_branch_or_none_is_the_tasks_work",
            "faults::refs::f29_a_branch_that_was_moved_deleted_or_rewritten_is_named_and_what_it_held_is_kept",
            "faults::refs::f29_branches_of_other_tasks_are_put_right",
            "faults::refs::f29_a_branch_that_a_task_alone_made_and_deleted_is_told_where_only_it_held_work",
            "faults::refs::f29_a_branch_that_was_made_while_several_tasks_ran_is_told_and_kept_when_it_goes",
            "faults::refs::f29_a_branch_that_an_earlier_task_made_is_told_when_it_goes",
        ],
    ),
    // Operations of git left half done.
    (
        "F30",
        &[
            "faults::unfinished::f30_what_is_undecided_fails_the_task_with_everything_kept",
            "faults::unfinished::f30_a_merge_that_lacks_only_its_commit_is_concluded",
            "faults::unfinished::f30_marks_of_a_conflict_never_pass_for_work",
        ],
    ),
    // Work of every kind, or none.
    (
        "F31",
        &[
            "faults::worktrees::f31_every_way_to_change_something_or_nothing",
            "faults::worktrees::f31_an_agent_that_changed_ignored_files_only_is_told_which",
        ],
    ),
    // History and refs that were rewritten.
    (
        "F32",
        &[
            "faults::refs::f32_the_stash_and_other_refs_are_named_and_nothing_of_them_is_lost",
            "faults::refs::f32_a_rewritten_start_fails_the_task_and_its_work_is_kept",
        ],
    ),
    // Planted programs and settings.
    (
        "F33",
        &[
            "faults::shared::f33_planted_programs_are_put_back_and_fail_the_task_whose_work_is_kept",
            "faults::shared::f33_other_settings_and_files_stay_and_are_named",
            "faults::shared::f33_settings_that_git_cannot_read_any_more_come_back",
            "faults::shared::f33_what_an_installer_plants_in_a_setup_hook_is_put_back_without_failing_anybody",
            "faults::shared::f33_a_check_that_plants_something_fails_the_task",
            "faults::shared::f33_what_a_validation_plants_is_put_back_and_told",
            "faults::shared::f33_with_several_at_work_it_is_put_back_and_nobody_fails_on_suspicion",
            "faults::shared::f33_what_another_run_makes_lands_and_clears_is_no_finding",
            "faults::shared::f33_what_another_run_put_back_is_not_brought_again_and_nobody_fails_on_suspicion",
            "faults::shared::f33_what_cannot_be_compared_is_said_once",
        ],
    ),
    // Odd files.
    (
        "F34",
        &[
            "faults::nested::f34_a_repository_inside_is_named_and_its_commits_are_kept",
            "faults::nested::f34_a_worktree_made_by_a_task_is_named_and_left",
            "faults::nested::f34_a_submodule_is_committed_as_one",
            "faults::odd_files::f34_every_name_that_the_system_allows_is_committed",
            "faults::odd_files::f34_pipes_sockets_and_links_neither_hang_nor_hide_anything",
            "faults::odd_files::f34_thousands_of_files_are_one_commit",
        ],
    ),
    // Questions.
    ("F35", &["faults::containment::f35_a_task_that_asks_gets_no_answer_and_no_terminal"]),
    // Repositories in every state.
    (
        "F36",
        &[
            "faults::states::f36_a_shallow_clone",
            "faults::states::f36_a_clone_that_borrows_its_objects",
            "faults::states::f36_commits_that_are_replaced",
            "faults::states::f36_files_whose_line_ends_or_contents_are_converted",
            "faults::states::f36_a_cherry_pick_a_rebase_and_a_bisect_in_progress_are_told_and_left_alone",
            "faults::states::f36_a_branch_that_is_a_folder_of_branches_is_in_the_way_and_named",
            "faults::states::f36_ids_that_differ_by_case_only_are_refused",
            "places::a_repository_without_a_commit_has_no_base",
            "places::a_detached_head_is_a_base_but_no_target",
            "places::a_bare_repository_goes_the_whole_way",
            "places::a_dirty_checkout_is_allowed_and_left_out",
            "places::a_merge_in_progress_is_told_and_left_alone",
            "formats::objects_of_sha256",
            "formats::refs_in_a_reftable",
            "formats::an_index_in_two_parts",
            "formats::a_clone_without_the_contents_of_files",
            "formats::a_sparse_checkout_keeps_files_away_that_nobody_wants",
        ],
    ),
    // Ids that mean harm.
    (
        "F37",
        &["faults::hostile::f37_ids_that_could_mean_something_else_are_refused_with_their_place"],
    ),
    // Globs that mean harm.
    ("F38", &["faults::hostile::f38_globs_that_leave_the_repository_or_explode_are_refused"]),
    // Words that mean harm to a shell.
    (
        "F39",
        &[
            "faults::hostile::f39_words_of_a_task_are_arguments_and_never_commands",
            "faults::hostile::f39_every_character_that_means_something_to_a_shell_arrives_as_it_is",
        ],
    ),
    // Words that mean harm to a terminal.
    (
        "F40",
        &[
            "faults::hostile::f40_what_tasks_say_cannot_drive_the_terminal",
            "faults::hostile::f40_a_live_display_shows_the_words_of_a_task_and_obeys_none",
        ],
    ),
    // Links where logs go.
    (
        "F41",
        &["faults::hostile::f41_a_link_that_is_planted_where_a_log_goes_is_not_written_through"],
    ),
    // Programs of the repository.
    (
        "F42",
        &[
            "faults::hostile::f42_a_repository_of_somebody_else_is_refused_with_the_way_to_trust_it",
            "untouched::what_the_repository_has_planted_is_never_run",
            "untouched::what_a_task_plants_is_not_run_by_us",
        ],
    ),
    // Credentials in the environment.
    (
        "F43",
        &[
            "faults::hostile::f43_f44_credentials_reach_neither_tasks_nor_anything_that_is_written",
            "starting::a_task_sees_its_own_coordinates_and_no_credentials",
        ],
    ),
    // Credentials in what is written.
    (
        "F44",
        &["faults::hostile::f43_f44_credentials_reach_neither_tasks_nor_anything_that_is_written"],
    ),
    // Secrets that are brought along.
    (
        "F45",
        &[
            "faults::hostile::f45_a_link_to_a_secret_is_no_way_around",
            "carrying::they_arrive_are_never_committed_and_do_not_hold_up_clean",
            "carrying::a_task_that_commits_one_itself_fails",
            "carrying::a_secret_in_a_folder_of_ignored_files_or_in_a_merge_is_never_committed",
        ],
    ),
];
