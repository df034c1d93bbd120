from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "客户"

    def ready(self) -> None:
        from dealership.core.search import register_finder
        from dealership.core.services import register_conflict
        from dealership.org.leaving import register_ending, register_holding
        from leads.lead_wiring import register_leads
        from leads.selectors.finding import FINDERS
        from leads.selectors.leaver import held_files
        from leads.selectors.prospect import held_count
        from leads.services.leaver import seconds_return
        from leads.wiring import register_all

        for finder in FINDERS:
            register_finder(finder)

        register_all()
        register_holding("意向客户", held_count)
        register_holding("客户档案", held_files)
        register_ending(seconds_return)
        register_leads()
        for constraint, code, message in (
            ("leads_customerphone_one_owner", "phone_taken", "该号码刚刚被同事登记，请重新查询归属后再保存。"),
            ("leads_prospect_one_live", "card_exists", "该客户已有跟进中的意向卡，请在原卡上继续跟进。"),
            ("leads_visit_once_a_day", "visit_exists", "该客户今天已有同一方式的登记，请在原登记上补充。"),
            ("leads_visit_leaves_later", "bad_left_at", "离店时间要在到店时间之后。"),
            ("leads_followuptask_one_open", "task_exists", "该客户已有一条待跟进任务，请刷新后再试。"),
            ("leads_ownedvehicle_vin_key", "vin_owned", "该车架号已有车主档案，请核对车架号。"),
            ("leads_ownedvehicle_deal_id_key", "deal_delivered", "该订单已生成车主档案，无需重复交车。"),
            ("leads_testdrive_no_overlap", "drive_clash", "该车这个时段刚刚被同事约走，请换个时段或换一台车。"),
            ("leads_testdrive_one_out", "car_out", "这台车还没有还车，请等还车后再出发。"),
            ("leads_democar_plate", "plate_taken", "本店已有这个车牌的试驾车，请核对车牌号。"),
        ):
            register_conflict(constraint, code, message)
